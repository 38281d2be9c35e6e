/** Chunks as recorders put them: over HTTP, hashed, compressed, sealed, stored durably and recorded in the audit log before they are answered. */
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { type Chronicle, compileOnce, startChronicle } from '../chronicle.ts'
import {
  alternate,
  atMost,
  type Benchmark,
  type Context,
  compare,
  mebibyte,
  percentile,
  type Row,
  ratioAtLeast,
  single,
} from '../harness.ts'
import { type ChunksPut, getTimes, jsonLines, putChunks } from '../load/chunks.ts'
import { syncedFiles } from '../peers/files.ts'
import { residentMB } from '../processes.ts'

const largeBytes = 10 * mebibyte
const smallBytes = 8192
const smallInFlight = 50
const largeInRound = 20
const largeInFlight = 40
const answersInRound = 200

const random = randomBytes(largeBytes)
const lines = jsonLines(largeBytes)

export const chunks: Benchmark = {
  name: 'chunks',
  about:
    'chunks put over HTTP, default settings (zstd level 6); random: does not compress; JSON: lines of events, to a fifth',
  async run(context) {
    await compileOnce(context)
    const two = new Recorder(await startChronicle(context, 'two'))
    const one = new Recorder(await startChronicle(context, 'one', { env: { CHRONICLE_SESSIONS_MAX_WORKERS: '1' } }))
    try {
      await warm(two)
      await warm(one)
      return [
        ...(await largeRows(context, two)),
        ...(await smallRows(context, two)),
        ...(await workerRows(context, one, two)),
        ...(await memoryRows(two)),
      ]
    } finally {
      await Promise.all([one.chronicle.stop(), two.chronicle.stop()])
    }
  },
}

/** Puts chunks into one session of one server, in the order of their indices. */
class Recorder {
  readonly chronicle: Chronicle
  #next = 0

  constructor(chronicle: Chronicle) {
    this.chronicle = chronicle
  }

  async put(payload: Uint8Array, load: { inFlight: number; chunks?: number; seconds?: number }): Promise<ChunksPut> {
    const put = await putChunks(this.chronicle.httpPort, {
      session: 'bench',
      first: this.#next,
      payload: () => payload,
      ...load,
    })
    this.#next = put.next
    return put
  }
}

async function warm(recorder: Recorder): Promise<void> {
  await recorder.put(lines.subarray(0, smallBytes), { inFlight: smallInFlight, seconds: 1 })
  for (const payload of [random, lines]) await recorder.put(payload, { inFlight: 2, chunks: 8 })
}

async function largeRows(context: Context, recorder: Recorder): Promise<Row[]> {
  const times = { random: [] as number[], lines: [] as number[] }
  const time = (side: 'random' | 'lines', payload: Uint8Array) => async (): Promise<number> => {
    const { milliseconds } = await recorder.put(payload, { inFlight: 1, chunks: largeInRound })
    times[side].push(...milliseconds)
    return percentile(milliseconds, 50)
  }
  const figures = await alternate(context, { random: time('random', random), lines: time('lines', lines) })
  const p99 = (side: 'random' | 'lines'): number[] => [percentile(times[side], 99)]
  return [
    single('10 MiB of random bytes, p50', figures.random, 'ms', atMost(50)),
    single('10 MiB of random bytes, p99 of all rounds', p99('random'), 'ms'),
    single('10 MiB of JSON, p50', figures.lines, 'ms', atMost(50)),
    single('10 MiB of JSON, p99 of all rounds', p99('lines'), 'ms'),
  ]
}

async function smallRows(context: Context, recorder: Recorder): Promise<Row[]> {
  const payload = lines.subarray(0, smallBytes)
  const directory = path.join(context.directory, 'files')
  mkdirSync(directory)
  const seconds = context.secondsPerRound
  const answers: number[] = []
  const figures = await alternate(context, {
    ours: async () => {
      const put = await recorder.put(payload, { inFlight: smallInFlight, seconds })
      return put.milliseconds.length / put.seconds
    },
    files: () => syncedFiles(directory, payload, { inFlight: smallInFlight, seconds }),
    answers: async () => {
      answers.push(...(await getTimes(recorder.chronicle.httpPort, '/api/v1/sessions/bench', answersInRound)))
      return percentile(answers, 50)
    },
  })
  const { ours, files: peer } = figures
  const what = `chunks of 8 KiB, ${smallInFlight} in flight`
  return [
    compare({ what, unit: 'chunks/s', ours, peer, peerName: 'bare files', peerUnit: 'files/s' }),
    single('a view of a session, p99 of all rounds', [percentile(answers, 99)], 'ms', atMost(200)),
  ]
}

/** On JSON, since it is the compression that takes the workers' time. */
async function workerRows(context: Context, one: Recorder, two: Recorder): Promise<Row[]> {
  const speed = (recorder: Recorder) => async (): Promise<number> => {
    const { seconds } = await recorder.put(lines, { inFlight: 4, chunks: largeInRound })
    return (largeInRound * largeBytes) / seconds / 1_000_000
  }
  const figures = await alternate(context, { one: speed(one), two: speed(two) })
  const what = '10 MiB of JSON, 4 in flight, two workers and more over one'
  const target = ratioAtLeast(1.8)
  return [compare({ what, unit: 'MB/s', ours: figures.two, peer: figures.one, peerName: 'one worker', target })]
}

async function memoryRows(recorder: Recorder): Promise<Row[]> {
  const { pid } = recorder.chronicle
  const before = residentMB(pid)
  let most = before
  const watching = setInterval(() => {
    most = Math.max(most, residentMB(pid))
  }, 10)
  await recorder.put(random, { inFlight: largeInFlight, chunks: 2 * largeInFlight })
  clearInterval(watching)
  return [
    single('resident before', [before], 'MB'),
    single(`resident at most, ${largeInFlight} × 10 MiB of random bytes in flight`, [most], 'MB'),
  ]
}
