/**
 * Kills the real server with SIGKILL while 50 chunks are being posted, again and again over the same data, and then looks for every
 * chunk that was ever acknowledged: its bytes, its proof, and its place in a root that is computed again from nothing.
 * `CRASH_SEED=4711 npm test -- e2e/sessions-crash` repeats the chunks and the moments; `CRASH_KILLS=25` kills so often.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Random, seededRandom } from '@chronicle/base'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { leafDataOf, leafHash, MerkleTree, parseChunkExtra, parseProof, verifyProof } from '@chronicle/vault'
import { chunkAt, type Place, sha256 } from './sessions/chunks.ts'
import { type Root, SessionsClient } from './sessions/client.ts'

const kills = Number(process.env.CRASH_KILLS ?? 6)
const concurrent = 50
const sessionIds = ['alpha', 'beta', 'gamma']
/** Between two kills at least this much is acknowledged, then up to this much time passes. */
const acknowledgedMin = 30
const momentMsMax = 120
const sampled = 12
const checksAtOnce = 16
/** A server that lives for a second has no use for more workers than there are cores. */
const env = { CHRONICLE_SESSIONS_MAX_WORKERS: '2' }

const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000)

test(`SIGKILL during ${concurrent} posts, ${kills} times: every acknowledged chunk and its proof are there (SE1, SE5)`, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'chronicle-sessions-'))
  const random = seededRandom(seed)
  const run = new Run(random)
  try {
    for (let round = 0; round < kills; round++) {
      const server = await startChronicle({ dataDir, env })
      await run.checkSome(new SessionsClient(server.httpPort))
      await run.postUntilKilled(server)
    }
    const server = await startChronicle({ dataDir, env })
    await run.completeAndCheckAll(new SessionsClient(server.httpPort))
    assert.deepEqual(await server.stop(), { code: 0, signal: null })
  } catch (error) {
    throw new Error(`CRASH_SEED=${seed}`, { cause: error })
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})

class Run {
  readonly #random: Random
  /** Leaf hash by place, as it was acknowledged. */
  readonly #acknowledged = new Map<string, { place: Place; leafHash: string }>()
  /** Sent at least once, and not acknowledged. */
  readonly #unsure = new Map<string, Place>()
  readonly #roots: Root[] = []
  readonly #next = new Map(sessionIds.map(id => [id, 0]))

  constructor(random: Random) {
    this.#random = random
  }

  async postUntilKilled(server: ChronicleProcess): Promise<void> {
    const client = new SessionsClient(server.httpPort)
    let killed = false
    const before = this.#acknowledged.size
    const enough = Promise.withResolvers<void>()
    // What was on its way when the server died comes again first: the runs from chunk 0 on have to close.
    const again = [...this.#unsure.values()]
    const poster = async (): Promise<void> => {
      while (!killed) {
        await this.#postOne(client, again.pop() ?? this.#newPlace(), () => killed)
        if (this.#acknowledged.size - before >= acknowledgedMin) enough.resolve()
      }
    }
    const posters = Promise.all(Array.from({ length: concurrent }, poster))
    await Promise.race([enough.promise, posters])
    await this.#askForRoot(client)
    await sleep(this.#random.int(momentMsMax))
    killed = true
    await server.kill()
    await posters
  }

  async #postOne(client: SessionsClient, place: Place, wasKilled: () => boolean): Promise<void> {
    const name = `${place.sessionId}/${place.index}`
    this.#unsure.set(name, place)
    try {
      const receipt = await client.post(place, chunkAt(place, seed), place.index % 2 === 0 ? 'raw' : 'json')
      this.#unsure.delete(name)
      this.#acknowledged.set(name, { place, leafHash: receipt.leaf_hash })
    } catch (error) {
      if (!wasKilled()) throw error
    }
  }

  #newPlace(): Place {
    const sessionId = sessionIds[this.#random.int(sessionIds.length)]!
    const index = this.#next.get(sessionId)!
    this.#next.set(sessionId, index + 1)
    return { sessionId, index }
  }

  async #askForRoot(client: SessionsClient): Promise<void> {
    const begun = sessionIds.filter(id => this.#next.get(id)! > 0)
    this.#roots.push(await client.root(begun[this.#random.int(begun.length)]!))
  }

  /** After a restart: some that were acknowledged, and all that may be there or not, but not half. */
  async checkSome(client: SessionsClient): Promise<void> {
    const known = [...this.#acknowledged.values()]
    for (let count = 0; count < Math.min(sampled, known.length); count++) {
      const { place } = known[this.#random.int(known.length)]!
      assert.deepEqual(await client.chunk(place), chunkAt(place, seed), `${place.sessionId}/${place.index}`)
    }
    for (const place of this.#unsure.values()) {
      const bytes = await client.chunk(place)
      if (bytes !== undefined) assert.deepEqual(bytes, chunkAt(place, seed), `${place.sessionId}/${place.index}`)
    }
  }

  async completeAndCheckAll(client: SessionsClient): Promise<void> {
    for (const place of [...this.#unsure.values()]) await this.#postOne(client, place, () => false)
    const publicKey = await client.publicKey()
    for (const sessionId of sessionIds) await this.#checkSession(client, sessionId, publicKey)
  }

  /** Bytes, receipt and proof of one chunk belong together; returns its leaf. */
  async #checkChunk(client: SessionsClient, place: Place, root: Root, publicKey: string): Promise<Uint8Array> {
    const name = `${place.sessionId}/${place.index}`
    const bytes = chunkAt(place, seed)
    assert.deepEqual(await client.chunk(place), bytes, name)
    const proof = await client.proof(place)
    const extra = parseChunkExtra(parseProof(proof).extra!)
    assert.ok('salt' in extra)
    const leafData = leafDataOf({ ...extra, payloadSha256: sha256(bytes) })
    const proven = verifyProof(proof, { leafData, logKeys: [publicKey] })
    assert.deepEqual([proven.index, proven.size, hex(proven.root)], [place.index, root.tree_size, root.merkle_root])
    const leaf = leafHash(leafData)
    assert.equal(hex(leaf), this.#acknowledged.get(name)!.leafHash, name)
    return leaf
  }

  async #checkSession(client: SessionsClient, sessionId: string, publicKey: string): Promise<void> {
    const root = await client.finalize(sessionId)
    assert.equal(root.tree_size, this.#next.get(sessionId), 'the tree has every chunk')
    const leaves = await inParallel(root.tree_size, checksAtOnce, index =>
      this.#checkChunk(client, { sessionId, index }, root, publicKey),
    )
    const tree = new MerkleTree()
    const roots = new Map<number, string>([[0, hex(tree.root())]])
    for (const [index, leaf] of leaves.entries()) {
      tree.append(leaf)
      roots.set(index + 1, hex(tree.root()))
    }
    assert.equal(hex(tree.root()), root.merkle_root, 'the root is the one computed from scratch')
    for (const earlier of this.#roots.filter(each => each.session_id === sessionId)) {
      assert.equal(
        earlier.merkle_root,
        roots.get(earlier.tree_size),
        `the root of size ${earlier.tree_size}, given out before a kill`,
      )
    }
  }
}

/** The results of `step` for 0 … count − 1, in order. */
async function inParallel<T>(count: number, atOnce: number, step: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++
      results[index] = await step(index)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return results
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
