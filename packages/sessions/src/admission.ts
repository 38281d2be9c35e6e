import { sessionErrors } from './errors.ts'

/** How many chunks are being received or processed at once. One more is refused before a byte of it is read (SE7). */
export class Admission {
  readonly chunksMax: number
  #chunks = 0
  #isClosed = false
  #emptied = Promise.withResolvers<void>()

  constructor(chunksMax: number) {
    this.chunksMax = chunksMax
  }

  get chunks(): number {
    return this.#chunks
  }

  /** Throws 'sessions.busy', or 'sessions.closed'. Whoever gets in calls `leave` once. */
  enter(): void {
    if (this.#isClosed) throw sessionErrors.create('sessions.closed')
    if (this.#chunks >= this.chunksMax) throw sessionErrors.create('sessions.busy', { chunksMax: this.chunksMax })
    this.#chunks++
  }

  leave(): void {
    this.#chunks--
    if (this.#isClosed && this.#chunks === 0) this.#emptied.resolve()
  }

  /** Lets nobody in any more; resolves when all have left. */
  close(): Promise<void> {
    this.#isClosed = true
    if (this.#chunks === 0) this.#emptied.resolve()
    return this.#emptied.promise
  }
}
