import { vaultErrors } from '@chronicle/vault'
import { chunkObjects } from './catch-up.ts'
import { signCheckpoint } from './checkpoints.ts'
import type { SessionContext } from './context.ts'
import { objectsAtOnceMax } from './limits.ts'
import type { Session } from './session.ts'

/**
 * Deletes a session that is alone in its gate, in its turn. First what stays is made whole: tree, checkpoint, totals. Then the record says 'deleting', and
 * nobody is shown a chunk any more; then the key goes, and with it every chunk wherever a copy of it may be; then the objects (SE6, SE10).
 */
export async function startDeleting(
  context: SessionContext,
  session: Session,
  beforeNew: () => Promise<void>,
): Promise<void> {
  let totals = {}
  try {
    const leaves = await session.leaves()
    await session.flush()
    if (leaves.size > 0) await signCheckpoint(context, session, beforeNew)
    totals = leaves.totals
  } catch (error) {
    // What is damaged can be deleted as well. Its tree stays as it was written last.
    context.logger.warn({ session: session.id, error }, 'the tree of a session that is being deleted is not complete')
    await session.refresh()
  }
  await session.update({ state: 'deleting', ...totals })
  await completeDeleting(context, session)
}

/** What is left to do once the session is 'deleting'. May be done again. */
export async function completeDeleting(context: SessionContext, session: Session): Promise<void> {
  const { keyId } = session.record
  session.forgetKeys()
  context.pool.forget(keyId)
  await destroyKey(context, keyId, session.id)
  await removeChunks(context, session.id)
  await session.update({ state: 'deleted', deletedMs: context.clock.now() })
}

async function destroyKey({ vault }: SessionContext, keyId: string, sessionId: string): Promise<void> {
  try {
    await vault.destroy(keyId, `session ${sessionId} was deleted`)
  } catch (error) {
    // There is nothing left that could open the chunks.
    if (!vaultErrors.is(error) || error.code !== 'vault.key-not-found') throw error
  }
}

async function removeChunks(context: SessionContext, sessionId: string): Promise<void> {
  let group: string[] = []
  const removeGroup = async (): Promise<void> => {
    await Promise.all(group.map(key => context.store.delete(key)))
    group = []
  }
  for await (const { info } of chunkObjects(context, sessionId, 0)) {
    group.push(info.key)
    if (group.length === objectsAtOnceMax) await removeGroup()
  }
  await removeGroup()
}
