import { assert } from '@chronicle/base'
import { objectErrors } from '@chronicle/objects'
import { checksum, saltBytes, saltedLeaf } from '@chronicle/vault'
import { openChunk, type StoredChunk } from './chunk-object.ts'
import type { ChunkSummary } from './chunk-sealer.ts'
import type { SessionContext } from './context.ts'
import { sessionErrors } from './errors.ts'
import { type CheckedChunk, checkChunkBytes } from './incoming.ts'
import type { Leaves } from './leaves.ts'
import { chunkKey } from './object-keys.ts'
import { Payload } from './payload.ts'
import { receiptOf, type StoredReceipt } from './receipt.ts'
import type { SealJob } from './seal-job.ts'
import type { Session } from './session.ts'

export type Taken = StoredReceipt & { readonly repeated: boolean }

/**
 * Takes one chunk of a session that is open, inside its gate and alone for its index: seals it on its way into the store, or finds that it is there
 * already (SE3).
 */
export class Intake {
  readonly #context: SessionContext
  readonly #session: Session
  readonly #chunk: CheckedChunk
  readonly #signal: AbortSignal
  #receivedBytes = 0

  constructor(context: SessionContext, session: Session, chunk: CheckedChunk, signal: AbortSignal) {
    this.#context = context
    this.#session = session
    this.#chunk = chunk
    this.#signal = signal
  }

  async take(): Promise<Taken> {
    const leaves = await this.#session.leaves()
    const { index, sessionId } = this.#chunk
    if (leaves.knows(index)) return this.#compare(await this.#stored())
    if (leaves.isTooFarAhead(index)) {
      throw sessionErrors.create('sessions.too-far-ahead', { session: sessionId, index, missing: leaves.size })
    }
    this.#checkSessionBytes(leaves, this.#chunk.announcedBytes ?? 0)
    const payload = new Payload(this.#chunk.body, this.#signal, received => this.#count(leaves, received))
    try {
      return await this.#seal(leaves, payload)
    } finally {
      payload.close()
      this.#session.receivingBytes -= this.#receivedBytes
    }
  }

  #count(leaves: Leaves, received: number): void {
    checkChunkBytes(received, this.#context.settings)
    const added = received - this.#receivedBytes
    this.#checkSessionBytes(leaves, added)
    this.#receivedBytes = received
    this.#session.receivingBytes += added
  }

  #checkSessionBytes(leaves: Leaves, added: number): void {
    const bytes = leaves.totals.plainBytes + this.#session.receivingBytes + added
    const { maxSessionBytes } = this.#context.settings
    if (bytes <= maxSessionBytes) return
    throw sessionErrors.create('sessions.session-too-large', {
      session: this.#session.id,
      bytes,
      bytesMax: maxSessionBytes,
    })
  }

  async #seal(leaves: Leaves, payload: Payload): Promise<Taken> {
    const { pool, random, settings } = this.#context
    const { chunkId, encodedMetadata, announcedBytes } = this.#chunk
    const key = await (await this.#session.keys()).forSealing(leaves.totals)
    const salt = new Uint8Array(random.bytes(saltBytes))
    const compressionLevel = settings.compressionEnabled ? settings.compressionLevel : undefined
    const job = pool.start({ place: chunkId, leafMetadata: encodedMetadata, salt, compressionLevel }, key)
    const abort = (): void => job.giveUp(this.#signal.reason)
    this.#signal.addEventListener('abort', abort)
    const feeding = feed(job, payload, announcedBytes).catch(error => job.giveUp(error))
    try {
      return await this.#store(leaves, job, salt)
    } catch (error) {
      job.giveUp(error)
      payload.close(error)
      throw error
    } finally {
      this.#signal.removeEventListener('abort', abort)
      await feeding
    }
  }

  /** SE1: one put-if-absent stores the ciphertext and makes the leaf durable; what fails before leaves nothing. */
  async #store(leaves: Leaves, job: SealJob, salt: Uint8Array): Promise<Taken> {
    const { store } = this.#context
    const { index, sessionId, metadata } = this.#chunk
    const object = chunkKey(sessionId, index)
    let summary: ChunkSummary | undefined
    const body = await wholeOrPieces(job, async found => {
      summary = found
      await this.#beforeCommit(found)
    })
    try {
      const { bytes } = await store.put(object, body, { condition: 'absent', signal: this.#signal })
      const leafData = saltedLeaf(salt, summary!.payloadSha256, metadata)
      leaves.learn(index, { leafData, plainBytes: summary!.payloadBytes, storedBytes: bytes })
      this.#session.lastPostMs = this.#context.clock.monotonic()
      const footer = { ...summary!, salt, leafMetadata: this.#chunk.encodedMetadata }
      const header = { keyId: job.key.id }
      return { ...receiptOf({ metadata, footer, header, leafData, storedBytes: bytes }), repeated: false }
    } catch (error) {
      const isThere = await this.#isThereAfter(error)
      if (!isThere) throw error
      return this.#compareStored(await this.#stored(), summary!, leaves, salt)
    }
  }

  /** The last moment at which a chunk can be refused without a trace. */
  async #beforeCommit({ payloadSha256 }: ChunkSummary): Promise<void> {
    this.#checkAnnounced(Buffer.from(payloadSha256).toString('hex'))
    await this.#session.begin()
  }

  #checkAnnounced(sha256: string): void {
    const { sha256: announced, chunkId: chunk } = this.#chunk
    if (announced === undefined || announced === sha256) return
    throw sessionErrors.create('sessions.hash-mismatch', { chunk, announced, found: sha256 })
  }

  /**
   * Whether the put failed because there is a chunk with this index. Where its outcome is not known and the object is there, it is put once more
   * over itself: what a store did not confirm might still be lost.
   */
  async #isThereAfter(error: unknown): Promise<boolean> {
    if (!objectErrors.is(error)) return false
    if (error.code === 'objects.exists') return true
    if (error.code !== 'objects.outcome-unknown') return false
    const { store } = this.#context
    const object = chunkKey(this.#chunk.sessionId, this.#chunk.index)
    if (!(await store.head(object))) return false
    const { info, body, cancel } = await store.get(object)
    try {
      await store.put(object, body, { condition: { version: info.version }, signal: this.#signal })
    } finally {
      await cancel()
    }
    return true
  }

  async #stored(): Promise<StoredChunk> {
    const { sessionId, index } = this.#chunk
    const keys = await this.#session.keys()
    const stored = await openChunk(this.#context.store, sessionId, index, header => keys.forOpening(header))
    if (stored) return stored
    const reason = 'the chunk was stored and is not there any more'
    throw sessionErrors.create('sessions.damaged', { object: chunkKey(sessionId, index), reason })
  }

  /** The chunk was stored by somebody else while this one was being sealed, or by this one without an answer. */
  #compareStored(stored: StoredChunk, summary: ChunkSummary, leaves: Leaves, salt: Uint8Array): Taken {
    const { leafData, footer, storedBytes } = stored
    leaves.learn(this.#chunk.index, { leafData, plainBytes: footer.payloadBytes, storedBytes })
    this.#checkSame(stored, Buffer.from(summary.payloadSha256).toString('hex'))
    return { ...receiptOf(stored), repeated: !Buffer.from(footer.salt).equals(salt) }
  }

  /** The chunk is there: this one is read, and nothing of it is stored. */
  async #compare(stored: StoredChunk): Promise<Taken> {
    if (this.#chunk.sha256 !== undefined) this.#checkSame(stored, this.#chunk.sha256)
    const payload = new Payload(this.#chunk.body, this.#signal, received =>
      checkChunkBytes(received, this.#context.settings),
    )
    try {
      const hash = checksum('sha256')
      for (let piece = await payload.next(); piece; piece = await payload.next()) hash.update(piece)
      const sha256 = hash.digest().toString('hex')
      this.#checkAnnounced(sha256)
      this.#checkSame(stored, sha256)
      return { ...receiptOf(stored), repeated: true }
    } finally {
      payload.close()
    }
  }

  #checkSame({ footer }: StoredChunk, sha256: string): void {
    const sameBytes = Buffer.from(footer.payloadSha256).toString('hex') === sha256
    const sameMetadata = Buffer.from(footer.leafMetadata).equals(this.#chunk.encodedMetadata)
    if (sameBytes && sameMetadata) return
    const differs = sameBytes ? 'metadata' : 'bytes'
    throw sessionErrors.create('sessions.chunk-differs', { chunk: this.#chunk.chunkId, differs })
  }
}

/** Reads the body no faster than the worker takes it. */
async function feed(job: SealJob, payload: Payload, announcedBytes: number | undefined): Promise<void> {
  // One byte more, so that the end shows in the first frame.
  let memory = await job.memory(announcedBytes === undefined ? undefined : announcedBytes + 1)
  for (;;) {
    const frame = await payload.fill(memory)
    job.send(frame)
    if (frame.isLast) return
    memory = await job.memory()
  }
}

/** The bytes of a small chunk, or the pieces of another. `atEnd` is called with the summary before the end of either shows. */
async function wholeOrPieces(
  job: SealJob,
  atEnd: (summary: ChunkSummary) => Promise<void>,
): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const output = job.output()
  const first = await output.next()
  assert(!first.done, 'a sealed chunk is never empty')
  const second = await output.next()
  if (second.done) {
    await atEnd(second.value)
    return first.value
  }
  return pieces(first.value, second.value, output, atEnd)
}

async function* pieces(
  first: Uint8Array,
  second: Uint8Array,
  rest: AsyncGenerator<Uint8Array, ChunkSummary>,
  atEnd: (summary: ChunkSummary) => Promise<void>,
): AsyncGenerator<Uint8Array> {
  yield first
  yield second
  await atEnd(yield* rest)
}
