import type { SwarmEvent } from '../contract.ts'
import type { Transaction } from '../database/contract.ts'
import { foldAgentDays } from './agent-rows.ts'
import { copyEvents, findNew } from './event-rows.ts'
import { addParts, type ChangedTrace, lockTraces, partsOf, writeTraces } from './trace-rows.ts'
import { whileRunning } from './while-running.ts'

/** The events that the tables did not have, and the traces that they changed. */
export type AddedEvents = { readonly events: readonly SwarmEvent[]; readonly traces: readonly ChangedTrace[] }

const nothing: AddedEvents = { events: [], traces: [] }

/** Adds those of `events`, whose ids differ, that the tables do not have yet, to all three of them. The caller has the writer's lock. */
export async function addEvents(transaction: Transaction, events: readonly SwarmEvent[]): Promise<AddedEvents> {
  if (events.length === 0) return nothing
  const added = await findNew(transaction, events)
  if (added.events.length === 0) return nothing
  const parts = partsOf(added.events)
  const stored = await lockTraces(transaction, parts)
  const copying = await copyEvents(transaction, added)
  const [, traces] = await whileRunning(copying.done, () => addParts(stored, parts))
  await writeTraces(transaction, traces)
  await foldAgentDays(transaction, traces, added.events)
  return { events: added.events, traces }
}
