/** Reading back, from the tail in memory and from the page cache, beside a process that sends as many bytes from memory. */
import { type Chronicle, createTopic, startChronicle } from '../chronicle.ts'
import {
  alternate,
  type Benchmark,
  type Context,
  compare,
  kibibyte,
  mebibyte,
  megabyte,
  type Row,
  ratioAtLeast,
} from '../harness.ts'
import { recordBatch } from '../load/batch.ts'
import { endOffset, type Filled, fetchLoad } from '../load/fetch.ts'
import { runLoads } from '../load/pipe.ts'
import { produce } from '../load/produce.ts'
import { type SocketPeer, socketFlow, startSocketPeer } from '../peers/socket.ts'

const partitions = 4
const recordsPerBatch = 63
const valueBytes = 1024
const inFlight = 2

/** In all partitions together. The tail that a broker keeps in memory is 16 MiB in the smallest profile. */
const filledBytes = 640 * mebibyte
const tailBytes = 12 * mebibyte
const oldBytes = 512 * mebibyte

export const fetching: Benchmark = {
  name: 'fetch',
  about: '4 connections, each on its partition with 2 requests in flight, over bare loopback TCP Node to Node',
  async run(context) {
    const peer = await startSocketPeer()
    const broker = await startChronicle(context, 'durable')
    try {
      context.progress('filling')
      const end = await fill(broker)
      const rows: Row[] = []
      for (const bytesMax of [256 * kibibyte, mebibyte]) {
        rows.push(...(await compareSizes(context, { broker, peer, end, bytesMax })))
      }
      return rows
    } finally {
      await Promise.all([broker.stop(), peer.stop()])
    }
  },
}

/** Returns the offset up to which every partition is filled. */
async function fill(broker: Chronicle): Promise<number> {
  await createTopic(broker.port, 'bench', partitions, {})
  const shape = { topic: 'bench', partitions, connections: partitions, inFlight: 1, recordsPerBatch, valueBytes }
  await produce(broker.port, { ...shape, seconds: 30, bytesMax: filledBytes })
  const marks: number[] = []
  for (let partition = 0; partition < partitions; partition++) {
    marks.push(await endOffset(broker.port, 'bench', partition))
  }
  return Math.min(...marks)
}

async function compareSizes(
  context: Context,
  given: { broker: Chronicle; peer: SocketPeer; end: number; bytesMax: number },
): Promise<Row[]> {
  const { broker, peer, end, bytesMax } = given
  const batchBytes = recordBatch(recordsPerBatch, valueBytes).length
  const seconds = context.secondsPerRound
  const recordsIn = (bytes: number): number => Math.floor(bytes / partitions / batchBytes) * recordsPerBatch
  const fetch = async (from: number, to: number): Promise<number> => {
    const loads = Array.from({ length: partitions }, (_, partition) => {
      const filled: Filled = { topic: 'bench', partition, batchBytes, recordsPerBatch }
      return fetchLoad(filled, { from, to, bytesMax, inFlight })
    })
    const flow = await runLoads(broker.port, loads, seconds)
    return flow.answerBytes / flow.seconds / megabyte
  }
  const answerBytes = Math.floor(bytesMax / batchBytes) * batchBytes
  const bare = { connections: partitions, inFlight, requestBytes: 100, answerBytes, seconds }
  const figures = await alternate(context, {
    tail: () => fetch(end - recordsIn(tailBytes), end),
    bare: async () => (await socketFlow(peer, bare)).bytesPerSecond / megabyte,
    pages: () => fetch(0, recordsIn(oldBytes)),
  })
  const size = bytesMax >= mebibyte ? `${bytesMax / mebibyte} MiB` : `${bytesMax / kibibyte} KiB`
  const shared = { unit: 'MB/s', peer: figures.bare, peerName: 'bare TCP' }
  return [
    compare({
      ...shared,
      what: `fetch from the tail, answers of ${size}`,
      ours: figures.tail,
      target: ratioAtLeast(0.8),
    }),
    compare({
      ...shared,
      what: `fetch from the page cache, answers of ${size}`,
      ours: figures.pages,
      target: ratioAtLeast(0.5),
    }),
  ]
}
