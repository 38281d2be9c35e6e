import { createReadStream } from 'node:fs'
import { messageOf, systemClock } from '@chronicle/base'
import type { MessageToProduce, Producer } from '@platformatic/kafka'
import { serverErrors } from '../errors.ts'
import { withProducer } from './client.ts'
import { plural, size } from './format.ts'
import { linesOf } from './lines.ts'
import type { Terminal } from './terminal.ts'

export type ProduceOptions = {
  bootstrap: string
  keySeparator?: string
  header: readonly (readonly [string, string])[]
  file?: string
  partition?: number
  compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  json?: boolean
}

/** One batch on its way at a time keeps the order of the lines; this many bytes make the wait for its sync cheap. */
const batchBytesMax = 512 * 1024
const batchRecordsMax = 10_000
const progressEveryMs = 200

type ByteMessage = MessageToProduce<Buffer, Buffer, Buffer, Buffer>

/** Sends every line of the input as one record and tells how many arrived. */
export async function produce(terminal: Terminal, topic: string, options: ProduceOptions): Promise<void> {
  const input = options.file === undefined ? terminal.input : openInput(options.file)
  if (options.file === undefined && terminal.canAsk) {
    terminal.note(terminal.noteStyle('dim', 'One record a line; Ctrl-D ends.'))
  }
  await withProducer(options, async producer => {
    const run = new ProduceRun(terminal, producer, topic, options)
    const ticker = systemClock.every(progressEveryMs, () => run.showProgress())
    try {
      for await (const lines of linesOf(readable(input))) await run.sendLines(lines)
    } catch (error) {
      run.tellHowFar()
      throw error
    } finally {
      ticker.cancel()
      terminal.progress('')
    }
    run.summarize()
  })
}

function openInput(path: string): NodeJS.ReadableStream {
  return createReadStream(path, { highWaterMark: batchBytesMax })
}

async function* readable(input: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of input) yield chunk as unknown as Uint8Array
  } catch (error) {
    throw serverErrors.create('server.unreadable-input', { reason: messageOf(error) }, error)
  }
}

class ProduceRun {
  readonly #terminal: Terminal
  readonly #producer: Producer<Buffer, Buffer, Buffer, Buffer>
  readonly #topic: string
  readonly #options: ProduceOptions
  readonly #headers: Map<Buffer, Buffer>
  readonly #startedAt = systemClock.monotonic()
  #records = 0
  #bytes = 0

  constructor(
    terminal: Terminal,
    producer: Producer<Buffer, Buffer, Buffer, Buffer>,
    topic: string,
    options: ProduceOptions,
  ) {
    this.#terminal = terminal
    this.#producer = producer
    this.#topic = topic
    this.#options = options
    this.#headers = new Map(options.header.map(([name, value]) => [Buffer.from(name), Buffer.from(value)]))
  }

  /** Resolves when all `lines` are acknowledged. */
  async sendLines(lines: readonly Buffer[]): Promise<void> {
    let batch: ByteMessage[] = []
    let batchBytes = 0
    for (const line of lines) {
      if (batch.length === batchRecordsMax || (batch.length > 0 && batchBytes + line.length > batchBytesMax)) {
        await this.#send(batch, batchBytes)
        batch = []
        batchBytes = 0
      }
      batch.push(this.#message(line))
      batchBytes += line.length
    }
    await this.#send(batch, batchBytes)
  }

  async #send(messages: ByteMessage[], bytes: number): Promise<void> {
    await this.#producer.send({ messages, compression: this.#options.compression })
    this.#records += messages.length
    this.#bytes += bytes
  }

  #message(line: Buffer): ByteMessage {
    const { keySeparator, partition } = this.#options
    const common = { topic: this.#topic, headers: this.#headers, ...(partition === undefined ? {} : { partition }) }
    if (keySeparator === undefined) return { ...common, value: line }
    const at = line.indexOf(keySeparator)
    if (at === -1) {
      const shown = line.subarray(0, 100).toString()
      throw serverErrors.create('server.invalid-line', {
        reason: `no ${JSON.stringify(keySeparator)} in the line`,
        line: JSON.stringify(shown),
      })
    }
    return { ...common, key: line.subarray(0, at), value: line.subarray(at + Buffer.byteLength(keySeparator)) }
  }

  showProgress(): void {
    this.#terminal.progress(`${plural(this.#records, 'record')}, ${size(this.#bytes)}, ${this.#perSecond()}`)
  }

  /** After a failure: what need not be sent again. */
  tellHowFar(): void {
    if (this.#records === 0) return
    this.#terminal.note(`${plural(this.#records, 'record')} had been written to ${this.#topic} before this:`)
  }

  summarize(): void {
    const seconds = Math.round(systemClock.monotonic() - this.#startedAt) / 1000
    if (this.#options.json) {
      this.#terminal.out(JSON.stringify({ topic: this.#topic, records: this.#records, bytes: this.#bytes, seconds }))
    } else {
      const many = `${plural(this.#records, 'record')} (${size(this.#bytes)})`
      const time = seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`
      this.#terminal.out(`Wrote ${many} to ${this.#topic} in ${time}, durably.`)
    }
  }

  #perSecond(): string {
    const seconds = (systemClock.monotonic() - this.#startedAt) / 1000
    return `${plural(Math.round(this.#records / seconds), 'record')}/s`
  }
}
