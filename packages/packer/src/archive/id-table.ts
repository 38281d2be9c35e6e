/**
 * One hash table of fingerprints, with linear probing. Once it is full it is closed: nothing is put into it any more, and a filter in front of it answers nearly
 * every question about an id that is not in it from an eighth of the memory.
 */

/** A fingerprint: 64 bits that are kept, and 32 that say where. */
export type Fingerprint = { low: number; high: number; place: number }

export const slotBytes = 8
/** Probes become long above it: half a kilobyte at the end, some five slots on the way there. */
const fillMax = 0.9
/** Words of the filter are a quarter of the slots: ten bits for each id, of which it sets four in one word. */
const slotsPerWord = 4

export class IdTable {
  used = 0
  /** Two words each; both 0 where it is empty. */
  readonly slots: Uint32Array<ArrayBuffer>
  #filter: Uint32Array | undefined

  /** `slots` is a power of two. */
  constructor(slots: number) {
    this.slots = new Uint32Array(slots * 2)
  }

  get isFull(): boolean {
    return this.used >= (this.slots.length / 2) * fillMax
  }

  /** The slot of a fingerprint where it is to be put, or -1 where it is there. A table is never full to the last slot: the probe ends. */
  slotOf({ low, high, place }: Fingerprint): number {
    const { slots } = this
    const mask = slots.length / 2 - 1
    for (let slot = place & mask; ; slot = (slot + 1) & mask) {
      const foundLow = slots[slot * 2]!
      const foundHigh = slots[slot * 2 + 1]!
      if (foundLow === low && foundHigh === high) return -1
      if (foundLow === 0 && foundHigh === 0) return slot
    }
  }

  put(slot: number, { low, high }: Fingerprint): void {
    this.slots[slot * 2] = low
    this.slots[slot * 2 + 1] = high
    this.used++
  }

  has(fingerprint: Fingerprint): boolean {
    if (this.#filter) {
      const bits = bitsOf(fingerprint.high)
      if ((this.#filter[fingerprint.low & (this.#filter.length - 1)]! & bits) !== bits) return false
    }
    return this.slotOf(fingerprint) < 0
  }

  /** Makes the filter. */
  close(): void {
    const { slots } = this
    const filter = new Uint32Array(slots.length / 2 / slotsPerWord)
    for (let at = 0; at < slots.length; at += 2) {
      const low = slots[at]!
      const high = slots[at + 1]!
      if (low !== 0 || high !== 0) filter[low & (filter.length - 1)]! |= bitsOf(high)
    }
    this.#filter = filter
  }
}

/** Four bits, or fewer where some coincide. */
function bitsOf(high: number): number {
  return (1 << (high & 31)) | (1 << ((high >>> 5) & 31)) | (1 << ((high >>> 10) & 31)) | (1 << ((high >>> 15) & 31))
}
