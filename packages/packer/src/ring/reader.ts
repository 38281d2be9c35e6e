import { systemClock } from '@chronicle/base'
import { packerErrors } from '../errors.ts'
import type { RingReader, RingSlice, RingStatus } from './contract.ts'
import { checkedTimeout, thresholdBytesOf } from './create.ts'
import { lockPathOf, tryRingLock } from './lock.ts'
import { checkStillThere, type HeldRing, holdRing, letGo } from './open.ts'
import { repairReadPosition, repairWritePosition, wrongWord } from './repair.ts'
import { statusOf } from './status.ts'
import { blockBytesMax, RingWalk } from './walk.ts'

export type RingReaderOptions = {
  readonly path: string
  /** Stored in the ring where given. */
  readonly backpressureThreshold?: number
  /** How long writers wait for room that do not say otherwise. Stored in the ring where given. */
  readonly writeTimeoutMs?: number
  readonly clock?: { now(): number }
}

/** Opens the reading side of a ring. Throws a `packer.ring-…` error where that cannot be. */
export function openRingReader(options: RingReaderOptions): RingReader {
  const { path, backpressureThreshold, writeTimeoutMs, clock = systemClock } = options
  const ring = holdRing(path, 'reader')
  try {
    const position = setRight(ring, clock.now())
    if (backpressureThreshold !== undefined) {
      ring.file.storeThreshold(thresholdBytesOf(ring.file.header.capacityBytes, backpressureThreshold))
    }
    if (writeTimeoutMs !== undefined) ring.file.storeWriteTimeout(checkedTimeout(writeTimeoutMs))
    ring.file.updatePressure()
    return new FileRingReader(ring, position)
  } catch (error) {
    letGo(ring, 'reader')
    throw error
  }
}

/** The read position, once both positions are right (see the table in `repair.ts`). */
function setRight({ file }: HeldRing, nowMs: number): number {
  const words = file.words()
  const wrong = wrongWord(file, words)
  if (wrong === 'read') return repairReadPosition(file, words.writePosition!)
  if (wrong === 'write') {
    const lock = tryRingLock(file.path, 'writer')
    if (!lock) {
      const reason = `the write position is wrong, and the writer runs (${lockPathOf(file.path, 'writer')} is held)`
      throw packerErrors.create('packer.ring-damaged', { path: file.path, reason })
    }
    try {
      repairWritePosition(file, words.readPosition!, nowMs)
    } finally {
      lock.release()
    }
  }
  return words.readPosition!
}

class FileRingReader implements RingReader {
  readonly path: string
  readonly #ring: HeldRing
  readonly #walk: RingWalk
  /** Released up to here, and read up to there. */
  #released: number
  #next: number
  #isClosed = false

  constructor(ring: HeldRing, position: number) {
    this.path = ring.file.path
    this.#ring = ring
    this.#walk = new RingWalk(ring.file)
    this.#released = position
    this.#next = position
  }

  status(): RingStatus {
    this.#checkOpen()
    return statusOf(this.#ring.file)
  }

  read(bytesMax: number): RingSlice | undefined {
    this.#checkOpen()
    if (!Number.isSafeInteger(bytesMax) || bytesMax < 1) {
      const details = { name: 'bytesMax', value: bytesMax, accepted: 'whole numbers from 1 on' }
      throw packerErrors.create('packer.ring-invalid-argument', details)
    }
    const limit = this.#limit()
    const slice = this.#walk.slice(this.#next, limit, Math.min(bytesMax, blockBytesMax))
    this.#next = slice.next
    if (slice.records.length > 0 || slice.damage.length > 0) return slice
    checkStillThere(this.#ring)
    return undefined
  }

  release(position: number): void {
    this.#checkOpen()
    if (!Number.isSafeInteger(position) || position > this.#next || position % 8 !== 0) {
      const accepted = `the next of a record, damage or slice, up to ${this.#next}`
      throw packerErrors.create('packer.ring-invalid-argument', { name: 'position', value: position, accepted })
    }
    if (position <= this.#released) return
    this.#released = position
    this.#ring.file.storeReadPosition(position)
    this.#ring.file.updatePressure()
  }

  sync(): void {
    this.#checkOpen()
    this.#ring.file.sync()
  }

  rewind(): void {
    this.#checkOpen()
    this.#next = this.#released
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    letGo(this.#ring, 'reader')
  }

  /** The write position, if it can be one: never below what was read, never more than a capacity ahead of what was released (PR2). */
  #limit(): number {
    const limit = this.#ring.file.loadPosition('write')
    if (limit !== undefined && limit >= this.#next && limit - this.#released <= this.#ring.file.header.capacityBytes) {
      return limit
    }
    const reason = `write position ${limit ?? 'torn'}, read up to ${this.#next}, released up to ${this.#released}`
    throw packerErrors.create('packer.ring-damaged', { path: this.path, reason })
  }

  #checkOpen(): void {
    if (this.#isClosed) throw packerErrors.create('packer.ring-closed', { path: this.path })
  }
}
