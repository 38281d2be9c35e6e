import { messageOf } from '@chronicle/base'
import { objectErrors } from '@chronicle/objects'
import type { Admission } from './admission.ts'
import type { SessionContext } from './context.ts'
import type { ChunkReceipt, IncomingChunk } from './contract.ts'
import { sessionErrors } from './errors.ts'
import { type CheckedChunk, checkIncoming } from './incoming.ts'
import { Intake, type Taken } from './intake.ts'
import { storeTroubleMs, unflushedLeavesMax } from './limits.ts'
import type { SessionObserver } from './observe.ts'
import { actionFor } from './refusal.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'

/** The way of a chunk from its arrival to its receipt: checked, admitted, given a time to be done in, and taken by its session. */
export class Posting {
  readonly #context: SessionContext
  readonly #table: SessionTable
  readonly #admission: Admission
  readonly #observer: SessionObserver
  readonly #posts = new Set<AbortController>()
  #storeTrouble: { readonly reason: string; readonly atMs: number } | undefined

  constructor(context: SessionContext, table: SessionTable, admission: Admission, observer: SessionObserver) {
    this.#context = context
    this.#table = table
    this.#admission = admission
    this.#observer = observer
  }

  /**
   * Why the store did not take the last chunk. It is forgotten after a while in which none came: a server that is kept out of service because of it would
   * never learn that the store is well again.
   */
  get storeTrouble(): string | undefined {
    const trouble = this.#storeTrouble
    return trouble && this.#context.clock.monotonic() - trouble.atMs < storeTroubleMs ? trouble.reason : undefined
  }

  async process(chunk: IncomingChunk): Promise<ChunkReceipt> {
    const startedMs = this.#context.clock.monotonic()
    try {
      const checked = checkIncoming(chunk, this.#context.settings)
      const taken = await this.#admitted(checked)
      const processingMs = this.#context.clock.monotonic() - startedMs
      this.#succeeded(taken, processingMs)
      return { ...taken, processingMs: Math.round(processingMs * 1000) / 1000 }
    } catch (error) {
      this.#failed(error)
      throw error
    }
  }

  async #admitted(chunk: CheckedChunk): Promise<Taken> {
    this.#admission.enter()
    const post = new AbortController()
    const { workerTimeoutMs } = this.#context.settings
    const timer = this.#context.clock.after(workerTimeoutMs, () =>
      post.abort(sessionErrors.create('sessions.timed-out', { chunk: chunk.chunkId, ms: workerTimeoutMs })),
    )
    this.#posts.add(post)
    try {
      return await this.#table.use(chunk.sessionId, session => this.#take(session, chunk, post))
    } finally {
      this.#posts.delete(post)
      timer.cancel()
      this.#admission.leave()
    }
  }

  async #take(session: Session, chunk: CheckedChunk, post: AbortController): Promise<Taken> {
    actionFor(session.id, session.state, 'post')
    if (session.isBehind) await session.turns.run(() => session.flush())
    session.posts.add(post)
    try {
      const taken = await session.gate.shared(post.signal, () => {
        // It may have been finalised or deleted while this one waited at its gate.
        actionFor(session.id, session.state, 'post')
        return session.withIndex(chunk.index, post.signal, () =>
          new Intake(this.#context, session, chunk, post.signal).take(),
        )
      })
      if ((session.loadedLeaves?.unflushed ?? 0) >= unflushedLeavesMax) void this.#table.flush(session.id)
      return taken
    } finally {
      session.posts.delete(post)
    }
  }

  #succeeded({ repeated, plainBytes, storedBytes }: Taken, ms: number): void {
    if (repeated) {
      this.#observer.repeated()
    } else {
      this.#storeTrouble = undefined
      this.#observer.stored(plainBytes, storedBytes, ms)
    }
  }

  #failed(error: unknown): void {
    this.#observer.failed(sessionErrors.is(error) && error.code === 'sessions.busy')
    if (objectErrors.is(error)) {
      this.#storeTrouble = { reason: messageOf(error), atMs: this.#context.clock.monotonic() }
    }
  }

  /** Gives up what is on its way. */
  abort(): void {
    for (const post of this.#posts) post.abort(sessionErrors.create('sessions.closed'))
  }
}
