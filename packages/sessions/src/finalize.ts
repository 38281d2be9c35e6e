import { chunkObjects, readFacts } from './catch-up.ts'
import { signCheckpoint } from './checkpoints.ts'
import type { SessionContext } from './context.ts'
import type { SessionRoot } from './contract.ts'
import { sessionErrors } from './errors.ts'
import type { Leaves, MissingRange } from './leaves.ts'
import { missingRangesMax } from './limits.ts'
import { chunkKey } from './object-keys.ts'
import type { Session } from './session.ts'

/**
 * Closes a session that is alone in its gate, in its turn: no chunk is on its way. From 'finalizing' on no chunk is taken any more, also after a crash, so that
 * what is signed then is the whole (SE6). Rejects with 'sessions.incomplete'.
 */
export async function startFinalizing(
  context: SessionContext,
  session: Session,
  beforeNew: () => Promise<void>,
): Promise<SessionRoot> {
  const leaves = await session.leaves()
  await checkAgainstStore(context, session, leaves)
  const missing = leaves.missing(missingRangesMax)
  if (missing.length > 0) throw incomplete(session.id, missing)
  await session.flush({ state: 'finalizing' })
  return completeFinalizing(context, session, beforeNew)
}

/** What is left to do once the session is 'finalizing'. Needs nothing but what is stored, and may be done again. */
export async function completeFinalizing(
  context: SessionContext,
  session: Session,
  beforeNew: () => Promise<void>,
): Promise<SessionRoot> {
  await session.flush()
  const root = await signCheckpoint(context, session, beforeNew)
  // That it is the last one is news, also where the same root has left before.
  await beforeNew()
  await session.update({ state: 'finalized', finalizedMs: context.clock.now() })
  return root
}

/** What the store has is what counts: another process may have stored chunks as well, and one that was stored may be gone. */
async function checkAgainstStore(context: SessionContext, session: Session, leaves: Leaves): Promise<void> {
  let next = 0
  const keys = await session.keys()
  for await (const { index } of chunkObjects(context, session.id, 0)) {
    for (; next < index; next++) if (leaves.knows(next)) throw lost(session.id, next)
    next = index + 1
    if (leaves.knows(index)) continue
    const facts = await readFacts(context, session.id, index, header => keys.forOpening(header))
    if (facts) leaves.learn(index, facts)
  }
  if (leaves.size > next) throw lost(session.id, next)
}

function lost(sessionId: string, index: number): Error {
  const reason = 'the chunk was stored and is not there any more'
  return sessionErrors.create('sessions.damaged', { object: chunkKey(sessionId, index), reason })
}

function incomplete(sessionId: string, missing: readonly MissingRange[]): Error {
  const ranges = missing.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`))
  const more = missing.length === missingRangesMax ? ', …' : ''
  return sessionErrors.create('sessions.incomplete', { session: sessionId, missing: ranges.join(', ') + more })
}
