import type { Clock } from '@chronicle/base'
import { type BudgetLimits, BytesBudget } from './bytes-budget.ts'
import { bodyTooLarge } from './read-body.ts'

/** Bodies up to here do not wait for larger ones that arrive, which may be stalled and are most of what memory holds. */
const smallBytesMax = 64 * 1024
const smallArriving: BudgetLimits = { bytesMax: 128 * smallBytesMax, waitingMax: 1_000, waitMsMax: 5_000 }

/** Memory that requests share (S10). Whoever works holds what has arrived, and nobody waits the other way round. */
export class BodyBudgets {
  readonly #arriving: BytesBudget
  readonly #smallArriving: BytesBudget
  /** What is made of bodies. */
  readonly working: BytesBudget

  constructor(limits: { readonly arriving: BudgetLimits; readonly working: BudgetLimits }, clock: Clock) {
    this.#arriving = new BytesBudget(limits.arriving, clock)
    this.#smallArriving = new BytesBudget(smallArriving, clock)
    this.working = new BytesBudget(limits.working, clock)
  }

  /** For a body as it comes: resolves as {@link BytesBudget.reserve} does. */
  reserveArriving(bytes: number): ReturnType<BytesBudget['reserve']> {
    return (bytes <= smallBytesMax ? this.#smallArriving : this.#arriving).reserve(bytes)
  }
}

export type BodyBounds = {
  readonly budgets: BodyBudgets
  /** Of the body as it comes, and of what is decompressed. */
  readonly bytesMax: number
  /** What a byte of it takes at worst while it is worked on. */
  readonly memoryBytesPerByte: number
}

/** A body that has not been read yet. */
export type IncomingBody = {
  /** Undefined where the client does not say. */
  readonly announcedBytes: number | undefined
  /** The whole body as it comes, `bytesMax` at most; called once there is room for it. */
  readonly read: () => Promise<Buffer>
  /** Makes `bytesMax` of it at most; undefined where it is not compressed. */
  readonly unpack: ((packed: Buffer) => Promise<Buffer>) | undefined
}

/**
 * Reads a body, decompresses it, and hands it to `use`; its memory counts as taken until that is done. Rejects with 'server.body-too-large' and 'server.busy' before a byte is read, and
 * as the body and `use` do.
 */
export async function withinBudgets<T>(
  { announcedBytes, read, unpack }: IncomingBody,
  { budgets, bytesMax, memoryBytesPerByte }: BodyBounds,
  use: (body: Buffer) => Promise<T>,
): Promise<T> {
  if (announcedBytes !== undefined && announcedBytes > bytesMax) throw bodyTooLarge(bytesMax, announcedBytes)
  const leave = await budgets.reserveArriving(announcedBytes ?? bytesMax)
  try {
    const arrived = await read()
    const done = await budgets.working.reserve((unpack === undefined ? arrived.length : bytesMax) * memoryBytesPerByte)
    try {
      const body = unpack === undefined ? arrived : await unpack(arrived)
      done(body.length * memoryBytesPerByte)
      return await use(body)
    } finally {
      done()
    }
  } finally {
    leave()
  }
}
