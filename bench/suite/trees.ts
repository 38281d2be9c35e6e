/** Merkle trees: growing in memory, growing on the disk, proving. */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { systemRandom } from '@chronicle/base'
import { type ObjectStore, openLocalStore, readObjectIfAny } from '@chronicle/objects'
import { leafHash, MerkleTree, type TileStorage, TileTree, verifyInclusion } from '@chronicle/vault'
import { alternate, atLeast, type Benchmark, type Context, single } from '../harness.ts'

const leafBytes = 32
const leavesAtOnce = 4096
/** Leaves that become durable together: as many as a busy session gathers between two flushes. */
const leavesPerFlush = 1000
const provenLeaves = 100_000
const tileBytesMax = 16_384

export const trees: Benchmark = {
  name: 'trees',
  about: `RFC 6962 trees of ${leafBytes}-byte leaves; durable: ${leavesPerFlush} leaves a flush, all tiles synced; proofs from tiles on the disk`,
  async run(context) {
    const store = await openLocalStore({ directory: path.join(context.directory, 'tiles'), random: systemRandom })
    try {
      const proven = await grown(store, provenLeaves)
      let rounds = 0
      const figures = await alternate(context, {
        memory: async () => inMemory(context),
        durable: () => durable(context, store, `durable-${rounds++}`),
        proofs: () => proofs(context, proven),
        verified: () => verifications(context, proven),
      })
      return [
        single('leaves, in memory', figures.memory, 'leaves/s', atLeast(1_000_000)),
        single('leaves, durable', figures.durable, 'leaves/s', atLeast(20_000)),
        single(`inclusion proofs, tree of ${provenLeaves} leaves`, figures.proofs, 'proofs/s'),
        single('inclusion proofs verified', figures.verified, 'proofs/s'),
      ]
    } finally {
      await store.close()
    }
  },
}

function inMemory({ secondsPerRound }: Context): number {
  const leaves = someLeaves(leavesAtOnce)
  const tree = new MerkleTree()
  const perSecond = rate(secondsPerRound)
  while (perSecond.goesOn()) {
    for (const leaf of leaves) tree.append(leafHash(leaf))
    tree.root()
    perSecond.done(leaves.length)
  }
  return perSecond.figure()
}

async function durable({ secondsPerRound }: Context, store: ObjectStore, name: string): Promise<number> {
  const leaves = someLeaves(leavesPerFlush)
  const tree = await TileTree.open(tilesIn(store, name))
  const perSecond = rate(secondsPerRound)
  while (perSecond.goesOn()) {
    tree.append(leaves)
    await tree.flush()
    perSecond.done(leaves.length)
  }
  return perSecond.figure()
}

async function proofs({ secondsPerRound }: Context, tree: TileTree): Promise<number> {
  const perSecond = rate(secondsPerRound)
  while (perSecond.goesOn()) {
    await tree.inclusionProof(systemRandom.int(tree.size))
    perSecond.done(1)
  }
  return perSecond.figure()
}

async function verifications({ secondsPerRound }: Context, tree: TileTree): Promise<number> {
  const index = systemRandom.int(tree.size)
  const leaf = leafHash(await tree.leafData(index))
  const claim = { index, size: tree.size, leafHash: leaf, proof: await tree.inclusionProof(index), root: tree.root() }
  const perSecond = rate(secondsPerRound)
  while (perSecond.goesOn()) {
    if (!verifyInclusion(claim)) throw new Error('a proof of ours does not verify')
    perSecond.done(1)
  }
  return perSecond.figure()
}

async function grown(store: ObjectStore, size: number): Promise<TileTree> {
  const tree = await TileTree.open(tilesIn(store, 'proven'))
  tree.append(someLeaves(size))
  await tree.flush()
  return tree
}

function someLeaves(count: number): Uint8Array[] {
  const bytes = randomBytes(count * leafBytes)
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * leafBytes, (at + 1) * leafBytes))
}

function tilesIn(store: ObjectStore, name: string): TileStorage {
  return {
    read: tile => readObjectIfAny(store, `${name}/${tile}`, { bytesMax: tileBytesMax }),
    write: async (tile, bytes) => void (await store.put(`${name}/${tile}`, bytes)),
    remove: tile => store.delete(`${name}/${tile}`),
  }
}

/** Counts what gets done until the time is up. */
function rate(seconds: number): { goesOn(): boolean; done(count: number): void; figure(): number } {
  const started = performance.now()
  let count = 0
  return {
    goesOn: () => performance.now() - started < seconds * 1000,
    done(more) {
      count += more
    },
    figure: () => (count * 1000) / (performance.now() - started),
  }
}
