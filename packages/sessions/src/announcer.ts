import { messageOf } from '@chronicle/base'
import { type Anchor, addSignatures, parseNote } from '@chronicle/vault'
import { latestCheckpoint, rootOf, storeCheckpoint } from './checkpoints.ts'
import type { SessionContext } from './context.ts'
import type { RootListener, SessionRoot } from './contract.ts'
import { announceAttemptsMax, announcementsWaitingMax, announceRetryMs, announceWaitMs } from './limits.ts'
import { pendingKey } from './object-keys.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'

/**
 * Tells the listener of each root that leaves, at least once, and has the last checkpoint of a session cosigned. An empty object under `sessions/pending/` is
 * there from before such a root is stored until both are done, so that the next start knows what is left without looking at every session (SE11).
 */
export class Announcer {
  readonly #context: SessionContext
  readonly #table: SessionTable
  readonly #listener: RootListener | undefined
  readonly #anchors: readonly Anchor[]
  readonly #working = new Set<Promise<void>>()
  /** By session: what has gone wrong last, and not been made good. */
  readonly #troubles = new Map<string, string>()
  #isClosed = false
  /** Ends of pauses. */
  readonly #pauses = new Set<() => void>()

  constructor(
    context: SessionContext,
    table: SessionTable,
    listener: RootListener | undefined,
    anchors: readonly Anchor[],
  ) {
    this.#context = context
    this.#table = table
    this.#listener = listener
    this.#anchors = anchors
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get trouble(): string | undefined {
    const [first] = this.#troubles
    return first && `session ${first[0]}: ${first[1]}`
  }

  /** Before a new root is stored, in the session's turn. */
  async expect(session: Session): Promise<void> {
    if (session.isPending || (!this.#listener && this.#anchors.length === 0)) return
    await this.#context.store.put(pendingKey(session.id), new Uint8Array())
    session.isPending = true
  }

  /** A root is durable: waits until the listener has it, but not for ever. The rest is done in the background. */
  async announce(session: Session, root: SessionRoot): Promise<void> {
    if (!session.isPending || this.#isClosed) return
    if (this.#working.size >= announcementsWaitingMax) return this.#note(session.id, 'too many others wait')
    const finalized = session.state === 'finalized'
    const name = `${root.treeSize} ${finalized}`
    // Who asks for a root again while it is being announced does not have it announced again.
    if (session.announced === name) return
    session.announced = name
    const told = this.#tell({ ...root, finalized })
    this.#inBackground(
      session.id,
      told.then(() => this.#settle(session.id, root, finalized)),
    )
    await Promise.race([told.catch(() => undefined), this.#pause(announceWaitMs)])
  }

  /** What an earlier run did not get done. `root` announces, when the session is pending. */
  async resume(session: Session, root: () => Promise<SessionRoot>): Promise<void> {
    if (session.state === 'absent') return this.#context.store.delete(pendingKey(session.id))
    session.isPending = true
    await root()
  }

  async #tell(root: SessionRoot & { finalized: boolean }): Promise<void> {
    if (this.#listener) await this.#persist(() => this.#listener!(root))
  }

  async #settle(sessionId: string, root: SessionRoot, finalized: boolean): Promise<void> {
    await this.#table.use(sessionId, async session => {
      if (finalized) await this.#cosign(session, root)
      await session.turns.run(async () => {
        const latest = await latestCheckpoint(this.#context, session)
        const isLatest = latest !== undefined && rootOf(sessionId, latest).treeSize === root.treeSize
        if (!isLatest || (session.state === 'finalized') !== finalized) return
        await this.#context.store.delete(pendingKey(sessionId))
        session.isPending = false
      })
    })
  }

  /** Asks those who have not signed yet. What some have signed is kept, also where others refuse. */
  async #cosign(session: Session, root: SessionRoot): Promise<void> {
    const checkpoint = (await latestCheckpoint(this.#context, session)) ?? root.checkpoint
    const signed = new Set(parseNote(checkpoint).signatures.map(({ name }) => name))
    const open = this.#anchors.filter(({ name }) => !signed.has(name))
    const { tree } = await session.leaves()
    const consistency = (from: number) => tree.consistencyProof(from, root.treeSize)
    const answers = await Promise.allSettled(
      open.map(anchor => this.#persist(() => anchor.anchor(checkpoint, consistency))),
    )
    const lines = answers.flatMap(answer => (answer.status === 'fulfilled' ? answer.value : []))
    if (lines.length > 0) {
      await session.turns.run(async () => {
        const latest = (await latestCheckpoint(this.#context, session)) ?? checkpoint
        await storeCheckpoint(this.#context, session, addSignatures(latest, lines))
      })
    }
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
  }

  /** Tries some times, each time after a longer pause. */
  async #persist<T>(step: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await step()
      } catch (error) {
        if (attempt === announceAttemptsMax || this.#isClosed) throw error
        await this.#pause(announceRetryMs * 2 ** (attempt - 1))
      }
    }
  }

  /** Ends early when everything is stopped. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#context.clock.after(ms, resolve)
    this.#pauses.add(resolve)
    if (this.#isClosed) resolve()
    await promise
    timer.cancel()
    this.#pauses.delete(resolve)
  }

  #inBackground(sessionId: string, work: Promise<void>): void {
    const settled = work
      .then(
        () => void this.#troubles.delete(sessionId),
        error => {
          if (this.#isClosed) return
          this.#note(sessionId, messageOf(error))
          this.#context.logger.warn(
            { session: sessionId, error },
            'a root was not announced or not cosigned; it is tried again at the next start',
          )
        },
      )
      .finally(() => this.#working.delete(settled))
    this.#working.add(settled)
  }

  #note(sessionId: string, reason: string): void {
    this.#troubles.set(sessionId, reason)
    if (this.#troubles.size > troublesMax) this.#troubles.delete(this.#troubles.keys().next().value!)
  }

  /** Gives up what waits; it is there at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const end of this.#pauses) end()
    await Promise.all(this.#working)
  }
}

/** Sessions whose trouble is remembered, for the health check. */
const troublesMax = 100
