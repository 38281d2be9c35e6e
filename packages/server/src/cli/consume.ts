import { once } from 'node:events'
import type { ConsumeOptions } from './commands/consume.ts'
import { consumeAsGroup } from './consume-group.ts'
import { consumePartitions } from './consume-partitions.ts'
import { type ReadRecord, type RecordFormatter, recordFormatter } from './record-format.ts'
import type { Terminal } from './terminal.ts'

/** Prints the records of a topic until there are no more, enough were printed, or somebody presses Ctrl-C. */
export async function consume(terminal: Terminal, topic: string, options: ConsumeOptions): Promise<void> {
  const printer = new RecordPrinter(terminal, recordFormatter(terminal, options.format), options.maxMessages)
  const interrupted = AbortSignal.any([signalOf('SIGINT'), signalOf('SIGTERM')])
  const { group } = options
  if (group === undefined) await consumePartitions(topic, options, printer, interrupted)
  else await consumeAsGroup(topic, { ...options, group }, printer, interrupted)
}

function signalOf(name: NodeJS.Signals): AbortSignal {
  const controller = new AbortController()
  void once(process, name).then(() => controller.abort())
  return controller.signal
}

/** Prints records, up to a number of them. */
export class RecordPrinter {
  readonly #terminal: Terminal
  readonly #format: RecordFormatter
  #left: number

  constructor(terminal: Terminal, format: RecordFormatter, recordsMax = Number.POSITIVE_INFINITY) {
    this.#terminal = terminal
    this.#format = format
    this.#left = recordsMax
  }

  /** Enough was printed. */
  get isDone(): boolean {
    return this.#left === 0
  }

  /** Resolves when the reader takes more. */
  async print(record: ReadRecord): Promise<void> {
    this.#left--
    await this.#terminal.write(this.#format(record))
  }
}
