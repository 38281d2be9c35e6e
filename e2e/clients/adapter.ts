/**
 * A client in another language, behind a small program that reads one request a line from standard input and writes
 * one answer a line to standard output, both JSON, in order:
 *
 *   {"do":"produce","topic":"t","compression":"zstd","idempotent":false,"records":[…]}  →  {"ok":null} or {"error":"…"}
 *
 * Keys, values and header values travel in base64. The first line that a program writes is {"ok":{"compressions":[…]}}.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Client, ClientRecord, Compression, Member, ProduceOptions, ReceivedRecord } from './client.ts'

/** A record as it travels. */
type Line = {
  partition: number
  offset?: number
  key: string | null
  value: string | null
  headers: [string, string][]
  timestamp: number
}

type Reply = { resolve(value: unknown): void; reject(error: Error): void }

/** Starts `command`, which is given the bootstrap address as its last argument. */
export async function connectAdapter(command: readonly string[], bootstrap: string): Promise<AdapterClient> {
  const [program, ...args] = command
  const child = spawn(program!, [...args, bootstrap], { stdio: 'pipe' })
  const client = new AdapterClient(child)
  await client.ready
  return client
}

/** The codecs that an adapter's client has on this machine: asked once, without a server. */
export async function compressionsOf(command: readonly string[]): Promise<Compression[]> {
  const client = await connectAdapter(command, '127.0.0.1:1')
  const { compressions } = (await client.ready) as { compressions: Compression[] }
  await client.close()
  return compressions
}

export class AdapterClient implements Client {
  readonly ready: Promise<unknown>
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: Reply[] = []
  readonly #gone: Promise<void>
  #said = ''
  #members = 0

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.ready = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
    createInterface({ input: child.stdout }).on('line', line => this.#answer(line))
    child.stderr.setEncoding('utf8').on('data', text => {
      this.#said = (this.#said + text).slice(-5000)
    })
    child.stdin.on('error', () => {})
    this.#gone = new Promise(resolve => {
      child.on('error', error => this.#fail(error.message, resolve))
      child.on('close', code => this.#fail(`the adapter ended with code ${code}`, resolve))
    })
  }

  createTopic = (topic: string, partitions: number) => this.#call<void>('createTopic', { topic, partitions })
  deleteTopic = (topic: string) => this.#call<void>('deleteTopic', { topic })
  topics = () => this.#call<string[]>('topics', {})
  partitionCount = (topic: string) => this.#call<number>('partitionCount', { topic })
  groups = () => this.#call<string[]>('groups', {})

  produce(topic: string, records: readonly ClientRecord[], options: ProduceOptions) {
    return this.#call<void>('produce', { topic, ...options, records: records.map(lineOf) })
  }

  offsetForTimestamp(topic: string, partition: number, timestamp: number) {
    return this.#call<number>('offsetForTimestamp', { topic, partition, timestamp })
  }

  async readFrom(topic: string, partition: number, offset: number, count: number) {
    return (await this.#call<Line[]>('readFrom', { topic, partition, offset, count })).map(recordOf)
  }

  async join(group: string, topic: string, instanceId = ''): Promise<Member> {
    const member = ++this.#members
    await this.#call('join', { member, group, topic, instanceId })
    return {
      poll: async (count, withinMs) => (await this.#call<Line[]>('poll', { member, count, withinMs })).map(recordOf),
      assignment: () => this.#call<number[]>('assignment', { member }),
      commit: () => this.#call<void>('commit', { member }),
      leave: () => this.#call<void>('leave', { member }),
    }
  }

  async close() {
    this.#child.stdin.end()
    await this.#gone
  }

  #call<T>(command: string, args: object): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ resolve: value => resolve(value as T), reject })
      this.#child.stdin.write(`${JSON.stringify({ do: command, ...args })}\n`)
    })
  }

  #answer(line: string): void {
    const { resolve, reject } = this.#waiting.shift()!
    const { ok, error } = JSON.parse(line) as { ok: unknown; error?: string }
    if (error === undefined) resolve(ok)
    else reject(new Error(`${error}\n${this.#said}`))
  }

  #fail(message: string, gone: () => void): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(`${message}\n${this.#said}`))
    gone()
  }
}

function lineOf({ partition, key, value, headers, timestamp }: ClientRecord): Line {
  const text = (bytes: Buffer | null) => bytes?.toString('base64') ?? null
  const pairs = headers.map(([name, bytes]): [string, string] => [name, bytes.toString('base64')])
  return { partition, key: text(key), value: text(value), headers: pairs, timestamp }
}

function recordOf({ partition, offset, key, value, headers, timestamp }: Line): ReceivedRecord {
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text, 'base64'))
  const pairs = headers.map(([name, text]): [string, Buffer] => [name, Buffer.from(text, 'base64')])
  return { partition, offset: offset!, key: bytes(key), value: bytes(value), headers: pairs, timestamp }
}
