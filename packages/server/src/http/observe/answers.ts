/** How lists and rows of the tables go out. */
import type { Queries } from '@chronicle/observe'
import type { FastifyReply } from 'fastify'
import { serverErrors } from '../../errors.ts'
import type { BytesBudget } from '../bytes-budget.ts'
import { answerStalledMsMax } from './limits.ts'
import type { TablesReader } from './tables-reader.ts'

/** What the routes that read the tables share. */
export type Reading = { readonly reader: TablesReader; readonly budget: BytesBudget }

export type Answer<T> = {
  /** What it takes at most. */
  readonly bytesMax: number
  readonly read: (queries: Queries) => Promise<T>
  /** What is sent of it. */
  readonly view: (found: T) => object
}

/** Sends what is read out of the tables. */
export function answerFrom<T>(
  reply: FastifyReply,
  { reader, budget }: Reading,
  { bytesMax, read, view }: Answer<T>,
): Promise<FastifyReply> {
  return answerWithin(reply, { budget, bytesMax }, async () => view(await reader.read(read)))
}

/** Sends what `make` makes; its memory counts as taken until it has left (S24): as much as it can take until that is known, and then what it does. */
export async function answerWithin(
  reply: FastifyReply,
  { budget, bytesMax }: { readonly budget: BytesBudget; readonly bytesMax: number },
  make: () => Promise<object>,
): Promise<FastifyReply> {
  const giveBack = await budget.reserve(bytesMax)
  const { raw } = reply
  if (raw.destroyed) {
    giveBack()
    throw serverErrors.create('server.bad-request', { reason: 'the client is gone' })
  }
  raw.once('close', () => giveBack())
  const body = JSON.stringify(await make())
  giveBack(Buffer.byteLength(body))
  // Whoever stops taking what he asked for would hold its memory for ever.
  raw.setTimeout(answerStalledMsMax, () => raw.destroy())
  return reply.type('application/json; charset=utf-8').send(body)
}

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** Says where the list goes on (RFC 8288), relative to this server: a proxy may have given it another name. */
export function linkToNext(reply: FastifyReply, path: string, parameters: Parameters): void {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
  reply.header('link', `<${path}?${query}>; rel="next"`)
}
