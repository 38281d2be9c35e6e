import { messageOf } from '@chronicle/base'
import { type Anchor, addSignatures, parseNote } from '@chronicle/vault'
import { latestCheckpoint, rootOf, storeCheckpoint } from './checkpoints.ts'
import type { SessionContext } from './context.ts'
import type { RootListener, SessionRoot } from './contract.ts'
import { announcementsWaitingMax, announceRetryMs, announceRetryMsMax, announceWaitMs } from './limits.ts'
import { pendingKey } from './object-keys.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'

/**
 * Tells the listener of each root that leaves, at least once, and has the last checkpoint of a session cosigned: tried until it is done, however long a witness
 * is away. An empty object under `sessions/pending/` is there from before such a root is stored until both are done, so that the next start knows what is
 * left without looking at every session (SE11).
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
    const finalized = isFinal(session)
    const name = `${root.treeSize} ${finalized}`
    // Who asks for a root again while it is being announced does not have it announced again.
    if (session.announced === name) return
    session.announced = name
    const told = this.#tell({ ...root, finalized })
    this.#inBackground(told.then(() => this.#settle(session.id, root, finalized)))
    await Promise.race([told.catch(() => undefined), this.#pause(announceWaitMs)])
  }

  /** What an earlier run did not get done. `root` announces, when the session is pending. */
  async resume(session: Session, root: () => Promise<SessionRoot>): Promise<void> {
    if (session.state === 'absent') return this.#context.store.delete(pendingKey(session.id))
    session.isPending = true
    await root()
  }

  async #tell(root: SessionRoot & { finalized: boolean }): Promise<void> {
    const listener = this.#listener
    if (listener) await this.#persist(root.sessionId, () => listener(root))
  }

  async #settle(sessionId: string, root: SessionRoot, finalized: boolean): Promise<void> {
    if (finalized && this.#anchors.length > 0) {
      // A session is let go between two attempts: those that wait for a witness would fill the memory.
      await this.#persist(sessionId, () => this.#table.use(sessionId, session => this.#cosign(session, root)))
    }
    await this.#table.use(sessionId, session =>
      session.turns.run(async () => {
        const latest = await latestCheckpoint(this.#context, session)
        const isLatest = latest !== undefined && rootOf(sessionId, latest).treeSize === root.treeSize
        if (!isLatest || isFinal(session) !== finalized) return
        await this.#context.store.delete(pendingKey(sessionId))
        session.isPending = false
      }),
    )
  }

  /** Asks those who have not signed yet, all at once. What one has signed is kept at once, also where others are slow or refuse. */
  async #cosign(session: Session, root: SessionRoot): Promise<void> {
    const checkpoint = (await latestCheckpoint(this.#context, session)) ?? root.checkpoint
    const signed = new Set(parseNote(checkpoint).signatures.map(({ name }) => name))
    const { tree } = await session.leaves()
    const consistency = (from: number) => tree.consistencyProof(from, root.treeSize)
    const cosign = async (anchor: Anchor): Promise<void> => {
      const lines = await anchor.anchor(checkpoint, consistency)
      await session.turns.run(async () => {
        const latest = (await latestCheckpoint(this.#context, session)) ?? checkpoint
        await storeCheckpoint(this.#context, session, addSignatures(latest, lines))
      })
    }
    const answers = await Promise.allSettled(this.#anchors.filter(({ name }) => !signed.has(name)).map(cosign))
    for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
  }

  /** Tries until it is done, each time after a longer pause. Rejects only when everything is stopped. */
  async #persist(sessionId: string, step: () => Promise<void>): Promise<void> {
    for (let pauseMs = announceRetryMs; ; pauseMs = Math.min(2 * pauseMs, announceRetryMsMax)) {
      try {
        await step()
        this.#troubles.delete(sessionId)
        return
      } catch (error) {
        if (this.#isClosed) throw error
        this.#note(sessionId, messageOf(error))
        await this.#pause(pauseMs)
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

  #inBackground(work: Promise<void>): void {
    const settled = work
      .catch(error => {
        if (!this.#isClosed) this.#context.logger.warn({ error }, 'a root was announced, and that was not recorded')
      })
      .finally(() => this.#working.delete(settled))
    this.#working.add(settled)
  }

  /** Logged once for each session, and shown by the health check until it is made good. */
  #note(sessionId: string, reason: string): void {
    if (!this.#troubles.has(sessionId)) {
      const words = 'a root could not be announced or cosigned; it is tried again until it is'
      this.#context.logger.warn({ session: sessionId, reason }, words)
    }
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

/** Whether its root is that of a finalised session, which it stays when the session is deleted. */
function isFinal(session: Session): boolean {
  return session.record.finalizedMs !== undefined
}
