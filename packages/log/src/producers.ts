/**
 * What a partition remembers of its idempotent producers (KIP-98): the newest epoch and the last five batches. The state follows
 * from the batches alone, so that replaying them brings it back (L5).
 */
import { logErrors } from './errors.ts'
import type { Usage } from './usage.ts'

/** Batches remembered for each producer: as many as a client may have in flight. */
export const batchesRemembered = 5
/** Sequences count from 0 to 2^31 − 1 and begin again. */
const sequenceModulus = 2 ** 31
const noEpoch = -1
const noOffset = -1

/** One producer in one partition. */
export type Producer = {
  readonly producerId: number
  epoch: number
  /** Epoch of the coordinator that wrote the last transaction marker, −1 before the first. */
  coordinatorEpoch: number
  /** First offset of the transaction that is open here, −1 = none. */
  txnFirstOffset: number
  /** When it was last heard of, by the broker's clock; on replay the time of the replay. */
  lastSeenMs: number
  /** Oldest first, of the current epoch only. At most {@link batchesRemembered}. */
  readonly batches: RememberedBatch[]
}

export type RememberedBatch = { firstSequence: number; lastSequence: number; baseOffset: number }

/** The sequence `count` − 1 after `sequence`. */
export function lastSequenceOf(sequence: number, count: number): number {
  return (sequence + count - 1) % sequenceModulus
}

export class Producers {
  readonly #byId = new Map<number, Producer>()
  readonly #usage: Usage

  constructor(usage: Usage) {
    this.#usage = usage
  }

  get size(): number {
    return this.#byId.size
  }

  values(): IterableIterator<Producer> {
    return this.#byId.values()
  }

  get(producerId: number): Producer | undefined {
    return this.#byId.get(producerId)
  }

  /**
   * Base offset of the batch that this one repeats, or −1 when it is new and may be appended.
   * Throws 'log.invalid-producer-epoch', 'log.out-of-order-sequence', 'log.duplicate-sequence' or 'log.invalid-txn-state'.
   */
  check(
    producerId: number,
    epoch: number,
    firstSequence: number,
    lastSequence: number,
    transactional: boolean,
  ): number {
    const producer = this.#byId.get(producerId)
    // A producer that was never seen, or has been forgotten, may begin anywhere, as in Kafka.
    if (!producer) return noOffset
    if (epoch === producer.epoch) {
      for (const batch of producer.batches) {
        if (batch.firstSequence === firstSequence && batch.lastSequence === lastSequence) return batch.baseOffset
      }
    }
    if (epoch < producer.epoch) {
      throw logErrors.create('log.invalid-producer-epoch', { producerId, epoch, newest: producer.epoch })
    }
    checkSequence(producer, epoch, firstSequence, lastSequence)
    if (producer.txnFirstOffset !== noOffset && !transactional) {
      throw logErrors.create('log.invalid-txn-state', { producerId, epoch, openSinceOffset: producer.txnFirstOffset })
    }
    return noOffset
  }

  /** Takes note of a data batch that was appended (or replayed: then nothing is checked). */
  appended(
    producerId: number,
    epoch: number,
    firstSequence: number,
    lastSequence: number,
    baseOffset: number,
    nowMs: number,
  ): Producer {
    const producer = this.#seen(producerId, epoch, nowMs)
    const { batches } = producer
    if (batches.length < batchesRemembered) {
      batches.push({ firstSequence, lastSequence, baseOffset })
    } else {
      const oldest = batches.shift()!
      oldest.firstSequence = firstSequence
      oldest.lastSequence = lastSequence
      oldest.baseOffset = baseOffset
      batches.push(oldest)
    }
    return producer
  }

  /** Throws when a transaction marker of this epoch may not be written. */
  checkMarker(producerId: number, epoch: number, coordinatorEpoch: number): void {
    const producer = this.#byId.get(producerId)
    if (!producer) return
    if (epoch < producer.epoch) {
      throw logErrors.create('log.invalid-producer-epoch', { producerId, epoch, newest: producer.epoch })
    }
    if (coordinatorEpoch < producer.coordinatorEpoch) {
      throw logErrors.create('log.coordinator-fenced', {
        producerId,
        coordinatorEpoch,
        newest: producer.coordinatorEpoch,
      })
    }
  }

  /** Takes note of a transaction marker. */
  marked(producerId: number, epoch: number, coordinatorEpoch: number, nowMs: number): Producer {
    const producer = this.#seen(producerId, epoch, nowMs)
    producer.coordinatorEpoch = coordinatorEpoch
    return producer
  }

  /** Puts back what a snapshot held. */
  restore(producer: Producer): void {
    if (!this.#byId.has(producer.producerId)) this.#usage.producers++
    this.#byId.set(producer.producerId, producer)
  }

  /** Forgets producers last heard of before `silentSinceMs` that have no transaction open; returns how many. */
  expire(silentSinceMs: number): number {
    let forgotten = 0
    for (const [producerId, producer] of this.#byId) {
      if (producer.lastSeenMs >= silentSinceMs || producer.txnFirstOffset !== noOffset) continue
      this.#byId.delete(producerId)
      this.#usage.producers--
      forgotten++
    }
    return forgotten
  }

  clear(): void {
    this.#usage.producers -= this.#byId.size
    this.#byId.clear()
  }

  #seen(producerId: number, epoch: number, nowMs: number): Producer {
    let producer = this.#byId.get(producerId)
    if (!producer) {
      producer = {
        producerId,
        epoch: noEpoch,
        coordinatorEpoch: -1,
        txnFirstOffset: noOffset,
        lastSeenMs: nowMs,
        batches: [],
      }
      this.#byId.set(producerId, producer)
      this.#usage.producers++
    }
    if (producer.epoch !== epoch) {
      producer.epoch = epoch
      producer.batches.length = 0
    }
    producer.lastSeenMs = nowMs
    return producer
  }
}

/** L4: a batch follows the one before it, or is the first of its epoch. */
function checkSequence(producer: Producer, epoch: number, firstSequence: number, lastSequence: number): void {
  const { producerId, batches } = producer
  const isNewEpoch = epoch !== producer.epoch
  const newest = isNewEpoch ? undefined : batches.at(-1)
  const expected = newest ? (newest.lastSequence + 1) % sequenceModulus : 0
  if (firstSequence === expected) return
  if (!isNewEpoch && batches.length === batchesRemembered && isBefore(lastSequence, batches[0]!.firstSequence)) {
    throw logErrors.create('log.duplicate-sequence', { producerId, epoch, firstSequence, expected })
  }
  throw logErrors.create('log.out-of-order-sequence', { producerId, epoch, firstSequence, expected })
}

/** Whether `a` comes before `b` on the circle of sequences, going the shorter way. */
function isBefore(a: number, b: number): boolean {
  const ahead = (b - a + sequenceModulus) % sequenceModulus
  return ahead > 0 && ahead < sequenceModulus / 2
}
