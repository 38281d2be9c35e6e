import type { SessionContext } from './context.ts'
import { openSessionsMax } from './limits.ts'
import { Session } from './session.ts'

type Entry = { readonly session: Promise<Session>; users: number; loaded: Session | undefined }

/**
 * The sessions that are in memory: those in use, and of the others the ones used last. A session is loaded when somebody needs it, so that a start
 * costs nothing, and written before it is let go.
 */
export class SessionTable {
  readonly #context: SessionContext
  /** The least recently used one first. */
  readonly #entries = new Map<string, Entry>()
  readonly #flushing = new Set<string>()

  constructor(context: SessionContext) {
    this.#context = context
  }

  get size(): number {
    return this.#entries.size
  }

  /** Those that are loaded. */
  *loaded(): Generator<Session> {
    for (const { loaded } of this.#entries.values()) if (loaded) yield loaded
  }

  peek(id: string): Session | undefined {
    return this.#entries.get(id)?.loaded
  }

  /** Lets `step` use the session: it stays in memory meanwhile. */
  async use<T>(id: string, step: (session: Session) => Promise<T>): Promise<T> {
    const entry = this.#take(id)
    try {
      const session = await entry.session
      await session.refresh()
      return await step(session)
    } finally {
      entry.users--
      this.#letGo(id, entry)
    }
  }

  #take(id: string): Entry {
    const known = this.#entries.get(id)
    const entry = known ?? this.#load(id)
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    entry.users++
    return entry
  }

  #load(id: string): Entry {
    const session = Session.load(id, this.#context)
    const entry: Entry = { session, users: 0, loaded: undefined }
    session.then(
      loaded => {
        entry.loaded = loaded
      },
      () => {
        if (this.#entries.get(id) === entry) this.#entries.delete(id)
      },
    )
    return entry
  }

  /** A session that has not begun is forgotten at once; of the others the oldest goes when there are too many. */
  #letGo(id: string, entry: Entry): void {
    if (entry.users === 0 && entry.loaded?.state === 'absent') this.#entries.delete(id)
    if (this.#entries.size <= openSessionsMax) return
    for (const [oldest, { users, loaded }] of this.#entries) {
      if (users > 0 || !loaded) continue
      if (loaded.isDirty) void this.flush(oldest)
      else this.#entries.delete(oldest)
      return
    }
  }

  /** Writes what a session has in memory alone, unless that is under way. What fails is tried again later: nothing is lost by it. */
  async flush(id: string): Promise<void> {
    if (this.#flushing.has(id)) return
    this.#flushing.add(id)
    try {
      await this.use(id, session =>
        session.turns.run(async () => {
          if (session.isDirty) await session.flush()
        }),
      )
    } catch (error) {
      this.#context.logger.warn({ session: id, error }, 'the tree of a session could not be written')
    } finally {
      this.#flushing.delete(id)
    }
  }
}
