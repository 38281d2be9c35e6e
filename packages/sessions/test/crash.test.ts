/** A fixed life of a session, stopped at each of its calls to the store in turn, in each way in which a call can go wrong. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChronicleError } from '@chronicle/base'
import { leafDataOf, leafHash, MerkleTree, parseChunkExtra, parseProof, verifyProof } from '@chronicle/vault'
import type { SessionRoot, Sessions } from '../src/index.ts'
import { type Fate, Killed } from './faulty-store.ts'
import { chunkOf, fastDirectory, type House, keysUnder, makeHouse, payloadOf, post, type Running } from './support.ts'

const chunks = 4
const large = 600_000

/** What has been answered: it must hold whatever comes after. */
type Promised = {
  readonly id: string
  leaves: Map<number, string>
  roots: SessionRoot[]
  finalized?: SessionRoot
  deleted: boolean
}

type Step = (sessions: Sessions, promised: Promised) => Promise<void>

const postOf =
  (index: number, bytes?: number): Step =>
  async (sessions, promised) => {
    promised.leaves.set(index, (await post(sessions, promised.id, index, payloadOf(index, bytes))).leafHash)
  }

const steps: readonly Step[] = [
  postOf(1),
  postOf(0),
  async (sessions, promised) => void promised.roots.push(await sessions.root(promised.id)),
  // More than a frame, so that its body is a stream.
  postOf(2, large),
  postOf(3),
  async (sessions, promised) => {
    promised.finalized = await sessions.finalize(promised.id)
  },
  async (sessions, promised) => {
    promised.deleted = (await sessions.delete(promised.id)).state === 'deleted'
  },
]

const fates: Fate[] = ['die before', 'die after', 'fail', 'lose']
/**
 * A death after a call leaves what a death before the next one leaves: of each kind every second call is enough to stop at every moment between two calls.
 * SESSION_FAULTS=all: every call in every way.
 */
const all = process.env.SESSION_FAULTS === 'all'
const strideOf = (fate: Fate): number => (fate.startsWith('die') && !all ? 2 : 1)

for (const fate of fates) {
  test(`SE1, SE2, SE5, SE6, SE10: a life whose calls to the store meet "${fate}" in turn`, async t => {
    const house = await makeHouse(t, fastDirectory)
    let running = await house.open()
    for (let at = 0, isHit = true; isHit; at += strideOf(fate)) {
      const life = new Life(house, running, at, fate)
      running = await life.run()
      isHit = life.hit !== ''
      if (!isHit) assert.ok(at > 25, `${at} calls`)
    }
  })
}

/** One session, from its first chunk to its deletion, in which the call number `at` meets its fate. */
class Life {
  hit = ''
  readonly #house: House
  readonly #at: number
  readonly #fate: Fate
  #running: Running
  #isArmed = false
  #calls = 0

  constructor(house: House, running: Running, at: number, fate: Fate) {
    this.#house = house
    this.#running = running
    this.#at = at
    this.#fate = fate
  }

  async run(): Promise<Running> {
    const promised: Promised = {
      id: `${this.#fate.replace(' ', '-')}-${this.#at}`,
      leaves: new Map(),
      roots: [],
      deleted: false,
    }
    this.#running.store.fate = (call, key) => {
      if (!this.#isArmed || this.#calls++ !== this.#at) return 'ok'
      this.hit = `${call} ${key}`
      return this.#fate
    }
    try {
      for (const step of steps) {
        await this.#take(step, promised)
        if (this.hit !== '') await checkPromises(this.#running.sessions, promised)
      }
      await checkEnd(this.#house, promised)
    } catch (error) {
      throw new Error(`"${this.#fate}" at call ${this.#at}, ${this.hit}`, { cause: error })
    }
    return this.#running
  }

  /** Until it succeeds, as a client would: in a new process where the old one died. */
  async #take(step: Step, promised: Promised): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#isArmed = true
      try {
        return await step(this.#running.sessions, promised)
      } catch (error) {
        if (attempt === 3) throw error
        assert.ok(error instanceof ChronicleError || isKilled(error), `an error with a code, not ${String(error)}`)
        if (!this.#running.store.isDead) continue
        void this.#running.sessions.close().catch(() => undefined)
        this.#running = await this.#house.open()
      } finally {
        this.#isArmed = false
      }
    }
  }
}

function isKilled(error: unknown): boolean {
  return error instanceof Killed || (error instanceof Error && isKilled(error.cause))
}

async function checkPromises(sessions: Sessions, promised: Promised): Promise<void> {
  const last = promised.roots.at(-1)
  if (promised.finalized) assert.deepEqual(await sessions.root(promised.id), promised.finalized)
  if (!promised.deleted) {
    for (const [index] of promised.leaves) {
      const payload = payloadOf(index, index === 2 ? large : undefined)
      assert.ok((await chunkOf(sessions, promised.id, index)).equals(payload), `chunk ${index} is there`)
    }
  }
  for (let index = 0; promised.leaves.has(index); index++) {
    const proof = await sessions.proof(promised.id, index)
    const leafData = leafDataOf(parseChunkExtra(parseProof(proof).extra!))
    verifyProof(proof, { leafData, logKeys: [sessions.publicKey] })
    assert.equal(Buffer.from(leafHash(leafData)).toString('hex'), promised.leaves.get(index), `leaf ${index}`)
  }
  if (last) assert.equal(last.merkleRoot, rootOver(promised, last.treeSize), 'a root that was given out')
}

function rootOver({ leaves }: Promised, size: number): string {
  const tree = new MerkleTree()
  for (let index = 0; index < size; index++) tree.append(Buffer.from(leaves.get(index)!, 'hex'))
  return Buffer.from(tree.root()).toString('hex')
}

async function checkEnd({ store }: House, promised: Promised): Promise<void> {
  assert.equal(promised.finalized?.treeSize, chunks)
  assert.equal(promised.finalized.merkleRoot, rootOver(promised, chunks))
  assert.deepEqual(await keysUnder(store, `sessions/chunks/${promised.id}/`), [], 'every chunk is gone')
}
