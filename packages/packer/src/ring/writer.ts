import { type Clock, systemClock } from '@chronicle/base'
import { packerErrors } from '../errors.ts'
import { type RingKind, type RingWriter, ringKinds } from './contract.ts'
import { checkedTimeout, createRing, type RingCreation, thresholdBytesOf, writeTimeoutMsDefault } from './create.ts'
import { pressed } from './file.ts'
import { payloadBytesMax } from './layout.ts'
import { checkStillThere, type HeldRing, holdRing, letGo } from './open.ts'
import { Publisher } from './publisher.ts'
import { repairWritePosition, wrongWord } from './repair.ts'

/** Writes that wait for room; more are lost at once. */
export const waitingWritesMax = 1024
/** How often a waiting write looks for room: soon at first, then ever less often. */
const pollMsMin = 1
const pollMsMax = 16
/** How often the writer looks whether ring and lock are still there. */
const removalCheckMs = 1000

export type RingWriterOptions = RingCreation & { readonly clock?: Clock }

/**
 * Opens the writing side of a ring, which it makes if there is none. Capacity, threshold and timeout are for a new ring; for one that is there the
 * capacity must agree where it is given, and the others are stored where they are given.
 */
export async function openRingWriter(options: RingWriterOptions): Promise<RingWriter> {
  await createRing(options)
  const { path, capacityBytes, backpressureThreshold, writeTimeoutMs, clock = systemClock } = options
  const ring = holdRing(path, 'writer')
  try {
    const has = ring.file.header.capacityBytes
    if (capacityBytes !== undefined && capacityBytes !== has) {
      throw packerErrors.create('packer.ring-size-differs', { path, capacityBytes: has, asked: capacityBytes })
    }
    if (backpressureThreshold !== undefined) ring.file.storeThreshold(thresholdBytesOf(has, backpressureThreshold))
    if (writeTimeoutMs !== undefined) ring.file.storeWriteTimeout(checkedTimeout(writeTimeoutMs))
    const words = ring.file.words()
    if (wrongWord(ring.file, words) === 'write') repairWritePosition(ring.file, words.readPosition!, clock.now())
    return new FileRingWriter(ring, clock)
  } catch (error) {
    letGo(ring, 'writer')
    throw error
  }
}

type WaitingWrite = {
  readonly kind: number
  readonly payload: Uint8Array
  readonly deadlineMs: number
  readonly settle: PromiseWithResolvers<boolean>
}

class FileRingWriter implements RingWriter {
  readonly #ring: HeldRing
  readonly #clock: Clock
  readonly #publisher: Publisher
  #waiting: WaitingWrite[] = []
  #pollMs = pollMsMin
  #checkedMs: number
  #isClosed = false

  constructor(ring: HeldRing, clock: Clock) {
    this.#ring = ring
    this.#clock = clock
    this.#publisher = new Publisher(ring.file)
    this.#checkedMs = clock.monotonic()
  }

  get isPressed(): boolean {
    this.#checkOpen()
    return pressed(this.#ring.file.updatePressure())
  }

  /**
   * The payload stays the caller's; it must not change before the promise has resolved. A write that waits does not keep the process alive: one that
   * ends meanwhile has neither written nor counted it.
   */
  async write(kind: RingKind, payload: Uint8Array, timeoutMs = this.#timeoutMs()): Promise<boolean> {
    this.#checkOpen()
    this.#checkRecord(kind, payload)
    this.#checkThere()
    const number = ringKinds[kind]
    if (this.#waiting.length === 0 && this.#publisher.tryPublish(number, payload, this.#clock.now())) return true
    if (!(timeoutMs > 0) || this.#waiting.length >= waitingWritesMax) return this.#lose(payload)
    const settle = Promise.withResolvers<boolean>()
    this.#waiting.push({ kind: number, payload, deadlineMs: this.#clock.monotonic() + timeoutMs, settle })
    if (this.#waiting.length === 1) this.#pollLater(pollMsMin)
    return settle.promise
  }

  #timeoutMs(): number {
    this.#checkOpen()
    return this.#ring.file.words().writeTimeoutMs || writeTimeoutMsDefault
  }

  close(): void {
    if (this.#isClosed) return
    for (const { payload, settle } of this.#waiting.splice(0)) settle.resolve(this.#lose(payload))
    this.#isClosed = true
    letGo(this.#ring, 'writer')
  }

  #pollLater(pollMs: number): void {
    this.#pollMs = Math.min(pollMs, pollMsMax)
    this.#clock.after(this.#pollMs, () => this.#poll())
  }

  /** Writes what there is room for by now, in order; what has waited long enough is lost. */
  #poll(): void {
    if (this.#isClosed) return
    const before = this.#waiting.length
    try {
      this.#checkThere()
      this.#settleWaiting()
    } catch (error) {
      for (const { settle } of this.#waiting.splice(0)) settle.reject(error)
    }
    if (this.#waiting.length > 0) this.#pollLater(this.#waiting.length < before ? pollMsMin : this.#pollMs * 2)
  }

  #settleWaiting(): void {
    while (this.#waiting.length > 0) {
      const { kind, payload, settle } = this.#waiting[0]!
      if (!this.#publisher.tryPublish(kind, payload, this.#clock.now())) break
      this.#waiting.shift()
      settle.resolve(true)
    }
    const now = this.#clock.monotonic()
    const late = this.#waiting.filter(each => each.deadlineMs <= now)
    if (late.length === 0) return
    this.#waiting = this.#waiting.filter(each => each.deadlineMs > now)
    for (const { payload, settle } of late) settle.resolve(this.#lose(payload))
  }

  #lose(payload: Uint8Array): false {
    this.#publisher.lose(payload.length, this.#clock.now())
    return false
  }

  #checkRecord(kind: RingKind, payload: Uint8Array): void {
    if (!Object.hasOwn(ringKinds, kind)) {
      const details = { name: 'kind', value: String(kind), accepted: Object.keys(ringKinds).join(', ') }
      throw packerErrors.create('packer.ring-invalid-argument', details)
    }
    const most = payloadBytesMax(this.#ring.file.header.capacityBytes)
    if (payload.length > most) {
      throw packerErrors.create('packer.ring-record-too-large', { payloadBytes: payload.length, payloadBytesMax: most })
    }
  }

  #checkThere(): void {
    const now = this.#clock.monotonic()
    if (now - this.#checkedMs < removalCheckMs) return
    checkStillThere(this.#ring)
    this.#checkedMs = now
  }

  #checkOpen(): void {
    if (this.#isClosed) throw packerErrors.create('packer.ring-closed', { path: this.#ring.file.path })
  }
}
