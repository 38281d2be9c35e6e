/** Counts events that come after a later one of their session. Nothing is done about them: they are kept where they came. */
import type { EventColumns } from '../intake/contract.ts'

/** Sessions that are remembered at once; the one that was forgotten begins anew. */
export const sessionsMax = 10_000

export class SessionOrder {
  outOfOrder = 0
  readonly #last = new Map<string, { high: number; low: number }>()
  #current = { high: 0, low: 0 }
  #currentId: Buffer = Buffer.alloc(0)

  see({ timestampNs, rows, sessionId: { offsets, bytes } }: EventColumns): void {
    const words = new Uint32Array(timestampNs.buffer, timestampNs.byteOffset, rows * 2)
    for (let row = 0; row < rows; row++) {
      const from = offsets[row]!
      const end = offsets[row + 1]!
      if (!this.#isCurrent(bytes, from, end)) this.#switch(Buffer.from(bytes.subarray(from, end)))
      this.#compare(words[row * 2 + 1]!, words[row * 2]!)
    }
  }

  #compare(high: number, low: number): void {
    const current = this.#current
    if (high < current.high || (high === current.high && low < current.low)) this.outOfOrder++
    else {
      current.high = high
      current.low = low
    }
  }

  #isCurrent(bytes: Uint8Array, from: number, end: number): boolean {
    const id = this.#currentId
    if (id.length !== end - from) return false
    for (let at = 0; at < id.length; at++) if (id[at] !== bytes[from + at]) return false
    return true
  }

  #switch(id: Buffer): void {
    const key = id.toString()
    const known = this.#last.get(key) ?? { high: 0, low: 0 }
    this.#last.delete(key)
    this.#last.set(key, known)
    if (this.#last.size > sessionsMax) this.#last.delete(this.#last.keys().next().value!)
    this.#current = known
    this.#currentId = id
  }
}
