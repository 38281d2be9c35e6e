import { once } from 'node:events'
import type { ReadStream, WriteStream } from 'node:tty'
import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

/** Standard input, output and error of a command. Results go to `out`, everything else to `note`. */
export class Terminal {
  readonly input: NodeJS.ReadStream
  readonly #output: NodeJS.WriteStream
  readonly #errors: NodeJS.WriteStream

  constructor(streams: { stdin: NodeJS.ReadStream; stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream }) {
    this.input = streams.stdin
    this.#output = streams.stdout
    this.#errors = streams.stderr
  }

  /** A person reads the results, rather than a pipe or a file. */
  get isInteractive(): boolean {
    return (this.#output as WriteStream).isTTY === true
  }

  /** A person can answer a question. */
  get canAsk(): boolean {
    return (this.input as ReadStream).isTTY === true && this.notesAreSeen
  }

  get notesAreSeen(): boolean {
    return (this.#errors as WriteStream).isTTY === true
  }

  get notesHaveColours(): boolean {
    return this.noteStyle('dim', '.') !== '.'
  }

  get columns(): number {
    // A terminal that nobody has told its size says 0.
    return this.#output.columns || 100
  }

  /** A line of the result. */
  out(text = ''): void {
    this.#output.write(`${text}\n`)
  }

  /** Bytes of the result; resolves when more may be written. */
  async write(bytes: Uint8Array | string): Promise<void> {
    if (!this.#output.write(bytes)) await once(this.#output, 'drain')
  }

  /** A line for the person, which is not part of the result. */
  note(text = ''): void {
    this.#errors.write(`${text}\n`)
  }

  /** A question, whose answer comes on the same line. */
  prompt(text: string): void {
    this.#errors.write(text)
  }

  /** Replaces the current line for the person: progress. Nothing where nobody looks. */
  progress(text: string): void {
    if (this.notesAreSeen) this.#errors.write(`\r\x1b[2K${text}`)
  }

  /** Colours for results: only on a terminal, and never where NO_COLOR is set. */
  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#output })
  }

  noteStyle(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#errors })
  }
}
