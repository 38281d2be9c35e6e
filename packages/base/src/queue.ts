import { assert } from './assert.ts'

/** A first-in, first-out queue that refuses what would pass its limit. Push and shift take constant time. */
export class BoundedQueue<T> {
  readonly capacity: number
  #slots: (T | undefined)[]
  #head = 0
  #length = 0

  constructor(capacity: number) {
    assert(
      Number.isInteger(capacity) && capacity > 0,
      `queue capacity must be a positive whole number, got ${capacity}`,
    )
    this.capacity = capacity
    this.#slots = new Array(Math.min(capacity, 16))
  }

  get length(): number {
    return this.#length
  }

  /** False, and nothing added, when the queue is full (B2). */
  push(item: T): boolean {
    if (this.#length === this.capacity) return false
    if (this.#length === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#length) % this.#slots.length] = item
    this.#length++
    return true
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head]
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) % this.#slots.length
    this.#length--
    return item
  }

  #grow(): void {
    const grown: (T | undefined)[] = new Array(Math.min(this.capacity, this.#slots.length * 2))
    for (let at = 0; at < this.#length; at++) grown[at] = this.#slots[(this.#head + at) % this.#slots.length]
    this.#slots = grown
    this.#head = 0
  }
}
