import type { BytesBudget } from './bytes-budget.ts'
import { bodyTooLarge } from './read-body.ts'

/** Memory that requests share (S10). Whoever works holds what has arrived, and nobody waits the other way round. */
export type BodyBudgets = {
  /** Bodies as they come. */
  readonly arriving: BytesBudget
  /** What is made of them. */
  readonly working: BytesBudget
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
  const leave = await budgets.arriving.reserve(announcedBytes ?? bytesMax)
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
