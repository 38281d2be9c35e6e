/**
 * A file of the simulated disk: what the cache shows, what has reached the platter, and which sectors differ in what way.
 * What was synced without a lie is lost no more (D1).
 */
import type { Random } from '@chronicle/base'

export const sectorBytes = 512

export class SimInode {
  size = 0
  #cache = Buffer.alloc(4096)
  #durable = Buffer.alloc(0)
  /** Changed since the last sync. */
  #dirty = new Set<number>()
  /** Clean to the cache, though the platter does not have them: a sync failed, or lied. */
  #lost = new Set<number>()

  cached(): Buffer {
    return this.#cache.subarray(0, this.size)
  }

  replace(bytes: Buffer): void {
    this.#cache = Buffer.from(bytes)
    this.#durable = Buffer.from(bytes)
    this.size = bytes.length
    this.#dirty.clear()
    this.#lost.clear()
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return
    const end = position + bytes.length
    this.#reserve(end)
    if (position > this.size) this.#touch(this.size, position)
    this.#cache.set(bytes, position)
    this.size = Math.max(this.size, end)
    this.#touch(position, end)
  }

  read(target: Uint8Array, start: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.size - position))
    target.set(this.#cache.subarray(position, position + count), start)
    return count
  }

  truncate(length: number): void {
    const before = this.size
    this.#reserve(length)
    this.#cache.fill(0, Math.min(before, length), Math.max(before, length))
    this.size = length
    this.#touch(Math.min(before, length), Math.max(before, length))
  }

  dirtySectors(): ReadonlySet<number> {
    return new Set(this.#dirty)
  }

  /** A sync has completed that was asked for while `covered` were dirty. With `lies`, it may have kept none of them. */
  sync(covered: ReadonlySet<number>, lies: Random | undefined): void {
    for (const sector of covered) {
      if (lies && lies.int(2) === 0) this.#lost.add(sector)
      else this.#persist(sector)
      this.#dirty.delete(sector)
    }
    if (!lies) this.#persistSize()
  }

  /** A sync has failed: some sectors got through, the others are taken for clean and never written. */
  failSync(covered: ReadonlySet<number>, random: Random): void {
    for (const sector of covered) {
      if (random.int(2) === 0) this.#persist(sector)
      else this.#lost.add(sector)
      this.#dirty.delete(sector)
    }
  }

  losePower(random: Random): void {
    const chance = [0, 50, 95, 100][random.int(4)]!
    const cachedSize = this.size
    const durableSize = this.#durable.length
    for (const sector of this.#dirty) if (random.int(100) < chance) this.#persist(sector)
    const sizes = [durableSize, cachedSize, this.#durable.length]
    this.#resizeDurable(sizes[random.int(3)]!)
    this.replace(this.#durable)
  }

  #persist(sector: number): void {
    this.#lost.delete(sector)
    const start = sector * sectorBytes
    const end = Math.min(start + sectorBytes, this.size)
    if (end <= start) return
    if (this.#durable.length < end) this.#resizeDurable(end)
    this.#cache.copy(this.#durable, start, start, end)
  }

  #persistSize(): void {
    this.#resizeDurable(this.size)
  }

  #resizeDurable(size: number): void {
    const resized = Buffer.alloc(size)
    this.#durable.copy(resized, 0, 0, Math.min(size, this.#durable.length))
    this.#durable = resized
  }

  #reserve(size: number): void {
    if (size <= this.#cache.length) return
    const grown = Buffer.alloc(Math.max(size, this.#cache.length * 2))
    this.#cache.copy(grown)
    this.#cache = grown
  }

  #touch(start: number, end: number): void {
    for (let sector = Math.floor(start / sectorBytes); sector * sectorBytes < end; sector++) {
      this.#dirty.add(sector)
      this.#lost.delete(sector)
    }
  }
}
