import type { Auditor } from './auditor.ts'
import { checkChunkIndex, checkListLimit, checkSessionId } from './chunk-id.ts'
import type { SessionContext } from './context.ts'
import type {
  ChunkRead,
  ChunkReceipt,
  IncomingChunk,
  SessionMetrics,
  SessionRoot,
  SessionSettings,
  Sessions,
  SessionView,
} from './contract.ts'
import { recordsPrefix } from './object-keys.ts'
import type { SessionObserver } from './observe.ts'
import type { Operations } from './operations.ts'
import type { Posting } from './posting.ts'
import { checkSizes, proofOf, readTile, storedChunk, viewOf } from './reading.ts'
import { receiptOf } from './receipt.ts'
import { readRecord } from './record.ts'
import type { Session } from './session.ts'
import type { SessionTable } from './session-table.ts'

export type ServiceParts = {
  readonly context: SessionContext
  readonly table: SessionTable
  readonly posting: Posting
  readonly operations: Operations
  readonly auditor: Auditor
  readonly observer: SessionObserver
  readonly close: () => Promise<void>
}

/** The contract, put together from its parts: each call is checked, recorded in the audit log, and handed on. */
export class SessionService implements Sessions {
  readonly settings: SessionSettings
  readonly publicKey: string
  readonly #parts: ServiceParts
  #closing: Promise<void> | undefined

  constructor(parts: ServiceParts) {
    this.settings = parts.context.settings
    this.publicKey = parts.context.signer.vkey
    this.#parts = parts
  }

  process(chunk: IncomingChunk): Promise<ChunkReceipt> {
    const { auditor, posting } = this.#parts
    const details = { session: shown(chunk.sessionId), chunk: shown(chunk.chunkIndex) }
    return auditor.change(
      'sessions.chunk.process',
      details,
      () => posting.process(chunk),
      ({ plainBytes, sha256, keyId, repeated }) => ({ plainBytes, sha256, keyId, repeated }),
    )
  }

  readChunk(sessionId: string, chunkIndex: number): Promise<ChunkRead> {
    const { context, operations, auditor } = this.#parts
    const details = { session: shown(sessionId), chunk: shown(chunkIndex) }
    return auditor.change('sessions.chunk.read', details, () =>
      this.#use(sessionId, async session => {
        checkChunkIndex(chunkIndex)
        await operations.settle(session, 'read')
        const chunk = await storedChunk(context, session, chunkIndex)
        return { receipt: receiptOf(chunk), metadata: chunk.metadata.metadata ?? undefined, body: chunk.payload() }
      }),
    )
  }

  proof(sessionId: string, chunkIndex: number): Promise<string> {
    const { context, operations, auditor } = this.#parts
    const details = { session: shown(sessionId), chunk: shown(chunkIndex) }
    return auditor.look('sessions.proof', details, () =>
      this.#use(sessionId, async session => {
        checkChunkIndex(chunkIndex)
        return proofOf(context, session, chunkIndex, await operations.root(session))
      }),
    )
  }

  consistency(sessionId: string, from: number, to?: number): Promise<{ from: number; to: number; hashes: string[] }> {
    const { operations, auditor } = this.#parts
    return auditor.look('sessions.consistency', { session: shown(sessionId) }, () =>
      this.#use(sessionId, async session => {
        const { treeSize } = await operations.root(session)
        const end = to ?? treeSize
        checkSizes(sessionId, from, end, treeSize)
        const { tree } = await session.leaves()
        const hashes = await tree.consistencyProof(from, end)
        return { from, to: end, hashes: hashes.map(hash => Buffer.from(hash).toString('hex')) }
      }),
    )
  }

  tile(sessionId: string, path: string): Promise<Uint8Array | undefined> {
    const { context, operations, auditor } = this.#parts
    return auditor.look('sessions.tile', { session: shown(sessionId) }, () =>
      this.#use(sessionId, async session => {
        await operations.settle(session, 'prove')
        return readTile(context, sessionId, path)
      }),
    )
  }

  root(sessionId: string): Promise<SessionRoot> {
    const { operations, auditor } = this.#parts
    const root = (): Promise<SessionRoot> => this.#use(sessionId, session => operations.root(session))
    return auditor.change('sessions.root', { session: shown(sessionId) }, root, describeRoot)
  }

  finalize(sessionId: string): Promise<SessionRoot> {
    const { operations, auditor } = this.#parts
    const finalize = (): Promise<SessionRoot> => this.#use(sessionId, session => operations.finalize(session))
    return auditor.change('sessions.finalize', { session: shown(sessionId) }, finalize, describeRoot)
  }

  session(sessionId: string): Promise<SessionView> {
    const { operations, auditor } = this.#parts
    return auditor.look('sessions.view', { session: shown(sessionId) }, () =>
      this.#use(sessionId, async session => {
        await operations.settle(session, 'view')
        if (session.state !== 'open') return viewOf(session.record)
        const { totals, size } = await session.leaves()
        return viewOf(session.record, { totals, treeSize: size })
      }),
    )
  }

  sessions(options: { after?: string; limit: number }): Promise<{ sessions: SessionView[]; next?: string }> {
    return this.#parts.auditor.look('sessions.list', {}, () => this.#list(options))
  }

  /** From the records alone, and from memory where there is more: no chunk is looked at. */
  async #list({ after, limit }: { after?: string; limit: number }) {
    checkListLimit(limit)
    if (after !== undefined) checkSessionId(after)
    const startAfter = recordsPrefix + (after ?? '')
    const views: SessionView[] = []
    for await (const { key } of this.#parts.context.store.list({
      prefix: recordsPrefix,
      startAfter,
      limit: limit + 1,
    })) {
      if (views.length === limit) return { sessions: views, next: views.at(-1)!.sessionId }
      const view = await this.#viewInList(key.slice(recordsPrefix.length))
      if (view) views.push(view)
    }
    return { sessions: views }
  }

  async #viewInList(id: string): Promise<SessionView | undefined> {
    const { table, context } = this.#parts
    const open = table.peek(id)
    const leaves = open?.state === 'open' ? open.loadedLeaves : undefined
    if (open && leaves) return viewOf(open.record, { totals: leaves.totals, treeSize: leaves.size })
    const stored = await readRecord(context.store, id)
    return stored && viewOf(stored.record)
  }

  delete(sessionId: string): Promise<SessionView> {
    const { operations, auditor } = this.#parts
    return auditor.change('sessions.delete', { session: shown(sessionId) }, () =>
      this.#use(sessionId, async session => {
        await operations.delete(session)
        return viewOf(session.record)
      }),
    )
  }

  recordRefusal(request: Readonly<Record<string, string>>, error: unknown): Promise<void> {
    const details = Object.fromEntries(Object.entries(request).map(([name, value]) => [name, shown(value)]))
    return this.#parts.auditor.refusal('sessions.request', details, error)
  }

  metrics(): SessionMetrics {
    return this.#parts.observer.metrics()
  }

  close(): Promise<void> {
    this.#closing ??= this.#parts.close()
    return this.#closing
  }

  async #use<T>(sessionId: string, step: (session: Session) => Promise<T>): Promise<T> {
    checkSessionId(sessionId)
    return this.#parts.table.use(sessionId, step)
  }
}

const shownCharactersMax = 128

/** What came from outside may be of any kind and length. */
function shown(value: unknown): string {
  return String(value).slice(0, shownCharactersMax)
}

function describeRoot({ treeSize, merkleRoot }: SessionRoot): { treeSize: number; merkleRoot: string } {
  return { treeSize, merkleRoot }
}
