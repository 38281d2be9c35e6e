import type { ReadRecord, RecordFormatter } from './record-format.ts'
import type { Terminal } from './terminal.ts'

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
