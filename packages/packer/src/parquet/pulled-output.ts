/** The plain file on its way to whoever pulls it: what is written gathers in large pieces, and these wait until they are taken. */
import { FileOutput } from './file-output.ts'

export class PulledOutput {
  #waiting: Uint8Array[] = []
  readonly #output = new FileOutput(piece => this.#waiting.push(piece))

  /** Bytes of the file so far. */
  get position(): number {
    return this.#output.position
  }

  write(bytes: Uint8Array): void {
    this.#output.write(bytes)
  }

  /** What is full by now. Each piece is memory of its own. */
  *taken(): Generator<Uint8Array, void> {
    const pieces = this.#waiting
    this.#waiting = []
    yield* pieces
  }

  *end(): Generator<Uint8Array, void> {
    this.#output.flush()
    yield* this.taken()
  }
}
