import { assert } from '@chronicle/base'
import { objectErrors } from '@chronicle/objects'
import { unlessAborted } from './abort.ts'
import { loadLeaves } from './catch-up.ts'
import type { SessionContext } from './context.ts'
import { sessionErrors } from './errors.ts'
import { Gate } from './gate.ts'
import type { Leaves } from './leaves.ts'
import type { LifecycleState } from './lifecycle.ts'
import { unflushedLeavesMax } from './limits.ts'
import { readRecord, type SessionRecord, type StoredRecord, writeRecord } from './record.ts'
import { SessionKeys } from './session-keys.ts'
import { Turns } from './turns.ts'

/**
 * One session in memory. Chunks pass its gate together; finalising and deleting pass it alone. What writes tree, record or checkpoint takes turns; who needs
 * both passes the gate first.
 */
export class Session {
  readonly id: string
  readonly gate = new Gate()
  readonly turns = new Turns()
  /** Chunks on their way: deleting gives them up. */
  readonly posts = new Set<AbortController>()
  /** Payload that is being received, on top of what is stored. */
  receivingBytes = 0
  /** The latest signed checkpoint; undefined until it was looked for. */
  checkpoint: string | 'none' | undefined
  /** A root has left that the listener may not have been told of, or a cosignature is missing. */
  isPending = false
  /** The root that is being announced, or was announced last. */
  announced: string | undefined
  lastPostMs = 0

  readonly #context: SessionContext
  #stored: StoredRecord | undefined
  #isStale = false
  #keys: Promise<SessionKeys> | undefined
  #leaves: Promise<Leaves> | undefined
  #loadedLeaves: Leaves | undefined
  #beginning: Promise<void> | undefined
  readonly #indices = new Map<number, Promise<void>>()

  private constructor(id: string, context: SessionContext, stored: StoredRecord | undefined) {
    this.id = id
    this.#context = context
    this.#stored = stored
  }

  /** Reads no more than the record. */
  static async load(id: string, context: SessionContext): Promise<Session> {
    return new Session(id, context, await readRecord(context.store, id))
  }

  get state(): LifecycleState {
    return this.#stored?.record.state ?? 'absent'
  }

  /** Of a session that has begun. */
  get record(): SessionRecord {
    assert(this.#stored, 'a session that has begun has a record')
    return this.#stored.record
  }

  /** As far as they are loaded. */
  get loadedLeaves(): Leaves | undefined {
    return this.#loadedLeaves
  }

  /** Whether the tree has grown beyond what the record says. */
  get isDirty(): boolean {
    return this.#loadedLeaves !== undefined && this.state === 'open' && this.#loadedLeaves.size > this.record.tree.size
  }

  keys(): Promise<SessionKeys> {
    this.#keys ??= this.#loadKeys()
    this.#keys.catch(() => {
      this.#keys = undefined
    })
    return this.#keys
  }

  async #loadKeys(): Promise<SessionKeys> {
    const { vault, settings } = this.#context
    const facts = this.#stored?.record ?? {
      keyId: (await vault.keyFor(`session/${this.id}`)).id,
      pbkdf2Iterations: settings.pbkdf2Iterations,
    }
    return new SessionKeys(this.id, facts, vault)
  }

  /** What is stored of the session. Reads what was stored since its tree was written last; a failure is not kept. */
  leaves(): Promise<Leaves> {
    if (this.#leaves) return this.#leaves
    const loading = loadLeaves(this.#context, this.#stored?.record, this.id, async header =>
      (await this.keys()).forOpening(header),
    )
    this.#leaves = loading
    loading.then(
      leaves => {
        if (this.#leaves === loading) this.#loadedLeaves = leaves
      },
      () => {
        if (this.#leaves === loading) this.#leaves = undefined
      },
    )
    return loading
  }

  /** Writes the record of a new session, once: before the first of its chunks can be stored (SE1). */
  async begin(): Promise<void> {
    if (this.#stored) return
    this.#beginning ??= this.#begin().finally(() => {
      this.#beginning = undefined
    })
    await this.#beginning
  }

  async #begin(): Promise<void> {
    const { store, clock } = this.#context
    const { facts } = await this.keys()
    const tree = { size: 0, peaks: [] }
    const record: SessionRecord = {
      sessionId: this.id,
      state: 'open',
      createdMs: clock.now(),
      keyId: facts.keyId,
      pbkdf2Iterations: facts.pbkdf2Iterations,
      tree,
      chunks: 0,
      plainBytes: 0,
      storedBytes: 0,
    }
    try {
      this.#stored = await writeRecord(store, record, undefined)
    } catch (error) {
      if (!objectErrors.is(error) || (error.code !== 'objects.exists' && error.code !== 'objects.outcome-unknown'))
        throw error
      await this.#adopt(record, error)
    }
  }

  /** Another process began the session at the same moment, or an answer of the store was lost. */
  async #adopt(record: SessionRecord, cause: unknown): Promise<void> {
    this.#stored = await readRecord(this.#context.store, this.id)
    if (!this.#stored) throw cause
    const { state, keyId, pbkdf2Iterations } = this.#stored.record
    if (state === 'open' && keyId === record.keyId && pbkdf2Iterations === record.pbkdf2Iterations) return
    this.#keys = undefined
    // What is on its way was sealed with a key that the session has not got.
    throw sessionErrors.create('sessions.busy', { session: this.id, reason: 'it was begun twice at once' }, cause)
  }

  /** Replaces the record. After a failure what is stored is not known: it is read again before the session is used next. */
  async update(change: Partial<SessionRecord>): Promise<void> {
    assert(this.#stored, 'a session that has begun has a record')
    try {
      this.#stored = await writeRecord(this.#context.store, { ...this.record, ...change }, this.#stored.version)
    } catch (error) {
      this.#isStale = true
      throw error
    }
  }

  /** Reads the record again where that is called for. What was learned of chunks stays true. */
  async refresh(): Promise<void> {
    if (!this.#isStale) return
    const before = this.state
    this.#stored = await readRecord(this.#context.store, this.id)
    this.#isStale = false
    if (this.state === before) return
    this.checkpoint = undefined
    this.#leaves = undefined
    this.#loadedLeaves = undefined
  }

  /** Makes the tiles durable, then the record that names them (SE5). In its turn. */
  async flush(change: Partial<SessionRecord> = {}): Promise<void> {
    const leaves = await this.leaves()
    const { tree, covered } = await leaves.flush()
    const grown = tree.size > this.record.tree.size
    if (grown || Object.keys(change).length > 0) await this.update({ tree, ...covered, ...change })
  }

  /** Whether posts have to wait until tiles were written. */
  get isBehind(): boolean {
    return (this.#loadedLeaves?.unflushed ?? 0) >= 2 * unflushedLeavesMax
  }

  /** Runs `step` as the only one for this index. Rejects with the signal's reason while it waits (SE3). */
  async withIndex<T>(index: number, signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    for (let other = this.#indices.get(index); other; other = this.#indices.get(index)) {
      await unlessAborted(other, signal)
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#indices.set(index, promise)
    try {
      return await step()
    } finally {
      this.#indices.delete(index)
      resolve()
    }
  }

  /** The key is destroyed: nothing of it stays in memory. */
  forgetKeys(): void {
    void this.#keys?.then(keys => keys.forget())
    this.#keys = undefined
  }
}
