/**
 * Lives of sessions that a seed decides: bursts of posts, some of them again or with other bytes, roots, proofs, finalising, deleting, restarts, faults of the
 * store and deaths of the process at any of its calls. A model keeps what was answered; whatever comes, it must hold.
 */
import assert from 'node:assert/strict'
import { ChronicleError, type Random, seededRandom } from '@chronicle/base'
import { leafDataOf, leafHash, MerkleTree, parseChunkExtra, parseProof, verifyProof } from '@chronicle/vault'
import { type ChunkReceipt, type SessionRoot, verifySessionFiles } from '../src/index.ts'
import { type Fate, Killed } from './faulty-store.ts'
import { chunkOf, type House, payloadOf, post, type Running } from './support.ts'

const stepsPerLife = 40
const fates: readonly Fate[] = ['die before', 'die after', 'fail', 'lose']

/** What is known of a session. */
class Model {
  readonly id: string
  /** Acknowledged: which of an index's payloads, and its leaf. */
  readonly stored = new Map<number, { version: number; leaf: string }>()
  /** Posted without an answer. */
  readonly unsure = new Map<number, Set<number>>()
  readonly roots: SessionRoot[] = []
  finalized: SessionRoot | undefined
  /** Asked for, whether or not an answer came. */
  mayBe: 'open' | 'finalized' | 'deleted' = 'open'
  isDeleted = false
  hasBegun = false

  constructor(id: string) {
    this.id = id
  }

  get next(): number {
    return Math.max(-1, ...this.stored.keys(), ...this.unsure.keys()) + 1
  }
}

export async function simulateSessions(house: House, seed: number): Promise<void> {
  const life = new Life(house, seed)
  try {
    await life.run()
  } catch (error) {
    throw new Error(`seed ${seed}, step ${life.step}: ${life.log.slice(-12).join('; ')}`, { cause: error })
  } finally {
    await life.end()
  }
}

class Life {
  step = 0
  readonly log: string[] = []
  readonly #house: House
  readonly #random: Random
  readonly #models: Model[]
  #running!: Running

  constructor(house: House, seed: number) {
    this.#house = house
    this.#random = seededRandom(seed)
    this.#models = ['a', 'b', 'c'].map(name => new Model(`${name}-${seed}`))
  }

  async run(): Promise<void> {
    this.#running = await this.#house.open()
    for (; this.step < stepsPerLife; this.step++) await this.#takeStep()
    await this.#restart()
    for (const model of this.#models) await this.#checkAll(model)
  }

  async end(): Promise<void> {
    await this.#running.sessions.close().catch(() => undefined)
  }

  async #takeStep(): Promise<void> {
    const model = this.#pick(this.#models)
    const kind = this.#random.int(100)
    if (kind < 50) await this.#burst(model)
    else if (kind < 62) await this.#attempt('root', () => this.#root(model))
    else if (kind < 72) await this.#attempt('check', () => this.#checkOne(model))
    else if (kind < 77) await this.#finalize(model)
    else if (kind < 79) await this.#delete(model)
    else if (kind < 84) await this.#restart()
    else this.#arm()
    if (this.#running.store.isDead) await this.#restart()
  }

  /** One of the next calls to the store will go wrong. */
  #arm(): void {
    const fate = this.#pick(fates)
    let left = this.#random.int(25)
    this.log.push(`arm ${fate} in ${left}`)
    const { store } = this.#running
    store.fate = (call, key) => {
      if (left-- !== 0) return 'ok'
      this.log.push(`${fate}: ${call} ${key}`)
      return fate
    }
  }

  async #restart(): Promise<void> {
    this.log.push(this.#running.store.isDead ? 'died' : 'restart')
    if (this.#random.int(2) === 0) this.#running.kill()
    await this.#running.sessions.close().catch(() => undefined)
    this.#running.kill()
    await this.#running.store.drain()
    this.#running = await this.#house.open()
  }

  /** Some posts at once: the next indices in any order, at times one again, at times one with other bytes. */
  async #burst(model: Model): Promise<void> {
    const from = model.next
    const posts = Array.from({ length: 1 + this.#random.int(8) }, () => {
      const isAgain = this.#random.int(4) === 0
      const index = isAgain ? this.#random.int(from + 1) : from + this.#random.int(6)
      return { index, version: this.#random.int(10) === 0 ? 1 : 0 }
    })
    this.log.push(`post ${model.id} ${posts.map(({ index, version }) => `${index}v${version}`).join(' ')}`)
    for (const { index, version } of posts) {
      if (model.stored.has(index)) continue
      model.unsure.set(index, (model.unsure.get(index) ?? new Set()).add(version))
    }
    await Promise.all(posts.map(({ index, version }) => this.#post(model, index, version)))
  }

  async #post(model: Model, index: number, version: number): Promise<void> {
    let receipt: ChunkReceipt
    try {
      receipt = await post(this.#running.sessions, model.id, index, payload(index, version))
    } catch (error) {
      return this.#checkRefusal(model, index, version, error)
    }
    const known = model.stored.get(index)
    assert.equal(model.isDeleted, false, 'a deleted session takes no chunk')
    if (known)
      assert.deepEqual([known.version, known.leaf], [version, receipt.leafHash], `chunk ${index} stays what it was`)
    else if (!receipt.repeated)
      assert.notEqual(model.finalized !== undefined, true, 'a finalised session takes no chunk')
    model.stored.set(index, { version, leaf: receipt.leafHash })
    model.unsure.delete(index)
    model.hasBegun = true
  }

  #checkRefusal(model: Model, index: number, version: number, error: unknown): void {
    const code = codeOf(error)
    if (code === 'sessions.chunk-differs') {
      const known = model.stored.get(index)
      if (known) assert.notEqual(known.version, version, 'what is the same is not said to differ')
      else
        assert.ok(
          [...model.unsure.get(index)!].some(other => other !== version),
          'there was another one',
        )
    }
    if (code === 'sessions.finalized') assert.notEqual(model.mayBe, 'open')
    if (code === 'sessions.deleted') assert.equal(model.mayBe, 'deleted')
    if (code === 'sessions.damaged') throw error
  }

  async #root(model: Model): Promise<void> {
    const root = await this.#running.sessions.root(model.id)
    const last = model.roots.at(-1)
    if (last) assert.ok(root.treeSize >= last.treeSize, 'a tree does not shrink')
    for (const earlier of model.roots) {
      if (earlier.treeSize === root.treeSize) assert.equal(earlier.merkleRoot, root.merkleRoot, 'one size has one root')
    }
    if (model.mayBe === 'open') {
      for (let index = 0; model.stored.has(index); index++)
        assert.ok(index < root.treeSize, `the tree has chunk ${index}`)
    }
    model.roots.push(root)
  }

  async #checkOne(model: Model): Promise<void> {
    const indices = [...model.stored.keys()]
    if (indices.length === 0 || model.mayBe === 'deleted') return
    await this.#checkChunk(model, this.#pick(indices))
  }

  async #checkChunk(model: Model, index: number): Promise<void> {
    const { version, leaf } = model.stored.get(index)!
    assert.ok(
      (await chunkOf(this.#running.sessions, model.id, index)).equals(payload(index, version)),
      `chunk ${index}`,
    )
    const proof = await this.#running.sessions.proof(model.id, index).catch(error => {
      if (codeOf(error) === 'sessions.not-covered') return undefined
      throw error
    })
    if (proof) checkProof(proof, this.#running.sessions.publicKey, leaf)
  }

  async #finalize(model: Model): Promise<void> {
    await this.#attempt('finalize', async () => {
      if (model.hasBegun && model.mayBe === 'open') model.mayBe = 'finalized'
      const root = await this.#running.sessions.finalize(model.id)
      if (model.finalized) assert.deepEqual(root, model.finalized)
      model.finalized = root
      for (const index of model.stored.keys()) assert.ok(index < root.treeSize, `the tree has chunk ${index}`)
    })
  }

  async #delete(model: Model): Promise<void> {
    await this.#attempt('delete', async () => {
      if (model.hasBegun) model.mayBe = 'deleted'
      await this.#running.sessions.delete(model.id)
      model.isDeleted = true
      model.mayBe = 'deleted'
    })
  }

  /** What may be refused here is refused with a code; what may not fails the life. */
  async #attempt(name: string, step: () => Promise<void>): Promise<void> {
    this.log.push(name)
    try {
      await step()
    } catch (error) {
      const code = codeOf(error)
      if (code === 'sessions.damaged' || code === 'sessions.chunk-not-found') throw error
    }
  }

  /** Without faults, in a new process: all that was answered holds, and from scratch as well. */
  async #checkAll(model: Model): Promise<void> {
    const { sessions, vault } = this.#running
    if (!model.hasBegun) return
    const { state } = await sessions.session(model.id)
    this.log.push(`at the end ${model.id} is ${state}`)
    assert.ok(state === 'open' || model.mayBe !== 'open', `${state}, and nobody asked for it`)
    if (model.isDeleted) assert.equal(state, 'deleted')
    if (state === 'open') await this.#fillGaps(model)
    const root = state === 'deleted' ? await sessions.root(model.id) : await sessions.finalize(model.id)
    if (model.finalized) assert.deepEqual(root, model.finalized)
    const tree = new MerkleTree()
    for (let index = 0; index < root.treeSize; index++) {
      const leafData = leafDataOf(parseChunkExtra(parseProof(await sessions.proof(model.id, index)).extra!))
      const known = model.stored.get(index)
      if (known) assert.equal(hex(leafHash(leafData)), known.leaf, `leaf ${index}`)
      if (known && state !== 'deleted') await this.#checkChunk(model, index)
      tree.append(leafHash(leafData))
      for (const { treeSize, merkleRoot } of model.roots)
        if (treeSize === index + 1) assert.equal(hex(tree.root()), merkleRoot)
    }
    assert.equal(hex(tree.root()), root.merkleRoot)
    const options = { store: this.#house.store, sessionId: model.id, logKeys: [sessions.publicKey], vault }
    const report = await verifySessionFiles(options)
    assert.ok(report.sound, JSON.stringify(report.checks))
  }

  async #fillGaps(model: Model): Promise<void> {
    for (let index = 0; index < model.next; index++) {
      if (model.stored.has(index)) continue
      model.unsure.set(index, (model.unsure.get(index) ?? new Set()).add(0))
      await this.#post(model, index, 0)
    }
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.int(items.length)]!
  }
}

/** Now and then one of more than a frame. */
function payload(index: number, version: number): Buffer {
  return payloadOf(index * 2 + version, index % 11 === 3 ? 300_000 : 200 + index)
}

function checkProof(proof: string, publicKey: string, leaf: string): void {
  const leafData = leafDataOf(parseChunkExtra(parseProof(proof).extra!))
  verifyProof(proof, { leafData, logKeys: [publicKey] })
  assert.equal(hex(leafHash(leafData)), leaf)
}

/** Everything that is refused has a code, but for what a process says that was killed. */
function codeOf(error: unknown): string {
  if (error instanceof ChronicleError) return error.code
  if (error instanceof Killed) return 'killed'
  throw error
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
