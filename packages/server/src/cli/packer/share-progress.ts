import type { RunProgress } from '@chronicle/packer'
import { Progress } from '../progress.ts'
import type { Terminal } from '../terminal.ts'

/** A progress bar for who is told how far something is, rather than by how much it went on. */
export class ShareProgress {
  readonly #terminal: Terminal
  #bar: Progress | undefined
  #doneBytes = 0

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  show({ doneBytes, totalBytes }: RunProgress): void {
    this.#bar ??= new Progress(this.#terminal, totalBytes)
    this.#bar.resize(totalBytes)
    this.#bar.add(doneBytes - this.#doneBytes)
    this.#doneBytes = doneBytes
  }

  clear(): void {
    this.#bar?.clear()
  }
}
