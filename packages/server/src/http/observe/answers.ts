/** How lists and rows of the tables go out. */
import type { Queries } from '@chronicle/observe'
import type { FastifyReply } from 'fastify'
import type { BytesBudget } from '../bytes-budget.ts'
import { answerStalledMsMax } from './limits.ts'
import type { TablesReader } from './tables-reader.ts'

/** What the routes that read the tables share. */
export type Reading = { readonly reader: TablesReader; readonly budget: BytesBudget }

/** Reads what an answer of at most `bytesMax` is made of; that much memory counts as taken until the answer has left (S24). */
export async function readFor<T>(
  reply: FastifyReply,
  { reader, budget }: Reading,
  bytesMax: number,
  work: (queries: Queries) => Promise<T>,
): Promise<T> {
  const giveBack = await budget.reserve(bytesMax)
  const { raw } = reply
  if (raw.destroyed) giveBack()
  else raw.once('close', giveBack)
  const result = await reader.read(work)
  // Whoever stops taking what he asked for would hold its memory for ever.
  raw.setTimeout(answerStalledMsMax, () => raw.destroy())
  return result
}

export type Parameters = Readonly<Record<string, string | number | undefined>>

/** Says where the list goes on (RFC 8288), relative to this server: a proxy may have given it another name. */
export function linkToNext(reply: FastifyReply, path: string, parameters: Parameters): void {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
  reply.header('link', `<${path}?${query}>; rel="next"`)
}
