import { objectErrors } from '@chronicle/objects'
import type { Announcer } from './announcer.ts'
import { signCheckpoint } from './checkpoints.ts'
import type { SessionContext } from './context.ts'
import type { SessionRoot } from './contract.ts'
import { completeDeleting, startDeleting } from './deletion.ts'
import { sessionErrors } from './errors.ts'
import { completeFinalizing, startFinalizing } from './finalize.ts'
import type { LifecycleEvent } from './lifecycle.ts'
import { actionFor } from './refusal.ts'
import type { Session } from './session.ts'

/** What moves a session from state to state, as the table of lifecycle.ts says. Every step may be repeated. */
export class Operations {
  readonly #context: SessionContext
  readonly #announcer: Announcer

  constructor(context: SessionContext, announcer: Announcer) {
    this.#context = context
    this.#announcer = announcer
  }

  /** Completes what a crash has interrupted, where the event needs it; refuses the event where the state does. */
  async settle(session: Session, event: LifecycleEvent): Promise<void> {
    const action = actionFor(session.id, session.state, event)
    if (action === 'complete finalizing') await this.finalize(session)
    if (action === 'complete deleting') await this.delete(session)
  }

  /** The checkpoint of the tree as it is now. */
  async root(session: Session): Promise<SessionRoot> {
    await this.settle(session, 'prove')
    const root = await this.#inTurn(session, async () => {
      if (session.state === 'open') await session.flush()
      return signCheckpoint(this.#context, session, () => this.#announcer.expect(session))
    })
    await this.#announcer.announce(session, root)
    return root
  }

  async finalize(session: Session): Promise<SessionRoot> {
    actionFor(session.id, session.state, 'finalize')
    const beforeNew = (): Promise<void> => this.#announcer.expect(session)
    const root = await session.gate.exclusive(() =>
      this.#inTurn(session, () => {
        // Somebody else may have done it while this one waited.
        const action = actionFor(session.id, session.state, 'finalize')
        if (action === 'start finalizing') return startFinalizing(this.#context, session, beforeNew)
        if (action === 'complete finalizing') return completeFinalizing(this.#context, session, beforeNew)
        return signCheckpoint(this.#context, session, beforeNew)
      }),
    )
    await this.#announcer.announce(session, root)
    return root
  }

  async delete(session: Session): Promise<void> {
    actionFor(session.id, session.state, 'delete')
    const refusal = sessionErrors.create('sessions.deleted', { session: session.id })
    for (const post of session.posts) post.abort(refusal)
    await session.gate.exclusive(() =>
      this.#inTurn(session, async () => {
        const action = actionFor(session.id, session.state, 'delete')
        const beforeNew = (): Promise<void> => this.#announcer.expect(session)
        if (action === 'start deleting') await startDeleting(this.#context, session, beforeNew)
        if (action === 'complete deleting') await completeDeleting(this.#context, session)
      }),
    )
  }

  /** Another process may have changed the record: then it is read again, and the step taken again, once. */
  #inTurn<T>(session: Session, step: () => Promise<T>): Promise<T> {
    return session.turns.run(async () => {
      try {
        return await step()
      } catch (error) {
        if (!objectErrors.is(error) || error.code !== 'objects.changed') throw error
        await session.refresh()
        return step()
      }
    })
  }
}
