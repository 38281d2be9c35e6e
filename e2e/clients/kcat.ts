import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import {
  type Client,
  type ClientRecord,
  compressions,
  type Driver,
  type Member,
  type ProduceOptions,
  type ReceivedRecord,
} from './client.ts'
import { Inbox } from './inbox.ts'

/** kcat takes keys and values from lines of text: it cannot say when, nor tell an empty value from none. */
export const kcat: Driver = {
  name: 'kcat',
  missing: () => (spawnSync('kcat', ['-V']).status === 0 ? undefined : 'kcat is not installed: apt-get install kcat'),
  lacks: ['admin', 'list groups', 'timestamps', 'empty values', 'offsets by time', 'assignment', 'static members'],
  compressions: () => compressions,
  connect: async bootstrap => new KcatClient(bootstrap),
}

const keyDelimiter = '\u0001'
const patienceMs = 30_000
const quick = ['-X', 'reconnect.backoff.ms=50', '-X', 'reconnect.backoff.max.ms=200']

class KcatClient implements Client {
  readonly #common: readonly string[]

  constructor(bootstrap: string) {
    this.#common = ['-b', bootstrap, ...quick]
  }

  createTopic = () => Promise.reject(new Error('kcat creates no topics'))
  deleteTopic = this.createTopic
  groups = () => Promise.reject(new Error('kcat lists no groups'))
  offsetForTimestamp = () => Promise.reject(new Error('kcat writes no timestamps'))

  async topics() {
    return (await this.#metadata()).map(({ topic }) => topic)
  }

  async partitionCount(topic: string) {
    return (await this.#metadata()).find(entry => entry.topic === topic)!.partitions.length
  }

  async #metadata(): Promise<{ topic: string; partitions: unknown[] }[]> {
    return JSON.parse(await this.#run(['-L', '-J'], '')).topics
  }

  /** One run for each stretch of records that share partition, headers and having a key: those are arguments. */
  async produce(topic: string, records: readonly ClientRecord[], { compression, idempotent }: ProduceOptions) {
    const settings = ['-z', compression, '-X', `enable.idempotence=${idempotent}`, '-X', 'acks=all']
    for (const stretch of stretchesOf(records)) {
      const { partition, headers, key } = stretch[0]!
      const named = headers.flatMap(([name, value]) => ['-H', `${name}=${value}`])
      const keyed = key === null ? [] : ['-K', keyDelimiter]
      const lines = stretch.map(
        record => `${record.key === null ? '' : `${record.key}${keyDelimiter}`}${record.value ?? ''}\n`,
      )
      const args = ['-P', '-Z', '-t', topic, '-p', String(partition), ...settings, ...named, ...keyed]
      await this.#run(args, lines.join(''))
    }
  }

  async readFrom(topic: string, partition: number, offset: number, count: number) {
    const args = ['-C', '-u', '-J', '-t', topic, '-p', String(partition), '-o', String(offset), '-c', String(count)]
    const lines = (await this.#run(args, '')).trim().split('\n')
    return lines.map(recordOf)
  }

  async join(group: string, topic: string): Promise<Member> {
    const settings = [
      '-X',
      'auto.offset.reset=earliest',
      '-X',
      'session.timeout.ms=6000',
      '-X',
      'fetch.wait.max.ms=100',
    ]
    const child = spawn('kcat', [...this.#common, ...settings, '-u', '-J', '-G', group, topic], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const inbox = inboxOf(child)
    return {
      poll: (count, withinMs) => inbox.take(count, withinMs),
      assignment: () => Promise.reject(new Error('kcat does not tell its assignment')),
      // It commits what it has printed when it leaves.
      commit: async () => {},
      async leave() {
        const gone = once(child, 'exit')
        child.kill('SIGTERM')
        await gone
      },
    }
  }

  async close() {}

  #run(args: readonly string[], input: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { timeout: patienceMs, maxBuffer: 16 << 20 }
      const child = execFile('kcat', [...this.#common, ...args], options, (error, stdout, stderr) =>
        error ? reject(new Error(`kcat ${args[0]}: ${stderr || error.message}`)) : resolve(stdout),
      )
      child.stdin!.end(input)
    })
  }
}

function stretchesOf(records: readonly ClientRecord[]): ClientRecord[][] {
  const alike = ({ partition, headers, key }: ClientRecord) => JSON.stringify([partition, headers, key === null])
  const stretches = new Map<number, ClientRecord[][]>()
  for (const record of records) {
    const ofPartition = stretches.get(record.partition) ?? []
    stretches.set(record.partition, ofPartition)
    const last = ofPartition.at(-1)
    if (last && alike(last[0]!) === alike(record)) last.push(record)
    else ofPartition.push([record])
  }
  return [...stretches.values()].flat()
}

type KcatMessage = {
  partition: number
  offset: number
  ts: number
  key: string | null
  payload: string | null
  headers?: string[]
}

function inboxOf(child: ChildProcess): Inbox {
  const inbox = new Inbox()
  createInterface({ input: child.stdout! }).on('line', line => inbox.push(recordOf(line)))
  return inbox
}

function recordOf(line: string): ReceivedRecord {
  const { partition, offset, ts, key, payload, headers = [] }: KcatMessage = JSON.parse(line)
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
  const pairs: [string, Buffer][] = []
  for (let at = 0; at < headers.length; at += 2) pairs.push([headers[at]!, Buffer.from(headers[at + 1]!)])
  return { partition, offset, key: bytes(key), value: bytes(payload), headers: pairs, timestamp: ts }
}
