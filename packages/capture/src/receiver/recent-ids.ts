/**
 * The ids of the events that came last: a repetition among them is not stored again (CB4). Two generations, so that forgetting costs nothing. Each is a table
 * of 16 bytes an id, which costs the collector nothing either: an id outlives its event a thousandfold.
 */
import type { Random } from '@chronicle/base'
import { readUuidWords, uuidWords } from '../event/uuid.ts'

export class RecentIds {
  readonly #generationMax: number
  readonly #asked = new Int32Array(uuidWords)
  #young: IdTable
  #old: IdTable

  /** Remembers at least the last `idsMin` ids, and at most twice as many. */
  constructor(idsMin: number, random: Random) {
    this.#generationMax = idsMin
    this.#young = new IdTable(idsMin, random)
    this.#old = new IdTable(idsMin, random)
  }

  has(id: string): boolean {
    readUuidWords(id, this.#asked)
    return this.#young.has(this.#asked) || this.#old.has(this.#asked)
  }

  add(id: string): void {
    readUuidWords(id, this.#asked)
    this.#young.add(this.#asked)
    if (this.#young.size < this.#generationMax) return
    const oldest = this.#old
    this.#old = this.#young
    this.#young = oldest
    oldest.clear()
  }
}

/** A set with open addressing. At least half of its places are free; one that is free holds zeros, as the UUID does that names nothing. */
class IdTable {
  readonly #words: Int32Array
  readonly #placeMax: number
  /** Drawn, so that no publisher knows ids that meet: they would walk past each other, and every later id past them. */
  readonly #seed: number
  size = 0

  constructor(idsMax: number, random: Random) {
    const places = 2 ** Math.ceil(Math.log2(2 * idsMax))
    this.#placeMax = places - 1
    this.#words = new Int32Array(places * uuidWords)
    this.#seed = Buffer.from(random.bytes(4)).readInt32LE()
  }

  has(id: Int32Array): boolean {
    return !this.#isFree(this.#find(id))
  }

  add(id: Int32Array): void {
    const at = this.#find(id)
    if (!this.#isFree(at)) return
    this.#words.set(id, at)
    this.size++
  }

  clear(): void {
    this.#words.fill(0)
    this.size = 0
  }

  /** Where the id is, or would be. */
  #find(id: Int32Array): number {
    const first = id[0]!
    const second = id[1]!
    const third = id[2]!
    const fourth = id[3]!
    const words = this.#words
    const mixed = stirred(fourth ^ stirred(third ^ stirred(second ^ stirred(first ^ this.#seed))))
    for (let place = mixed & this.#placeMax; ; place = (place + 1) & this.#placeMax) {
      const at = place * uuidWords
      if (this.#isFree(at)) return at
      if (words[at] === first && words[at + 1] === second && words[at + 2] === third && words[at + 3] === fourth)
        return at
    }
  }

  #isFree(at: number): boolean {
    const words = this.#words
    return (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0
  }
}

/** 2^32 divided by the golden ratio, odd: what differs anywhere differs in the upper bits, which come down to the lower ones. */
function stirred(word: number): number {
  const product = Math.imul(word, 0x9e3779b1)
  return product ^ (product >>> 15)
}
