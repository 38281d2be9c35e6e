import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import fc from 'fast-check'
import type { TreeState } from '../src/merkle/contract.ts'
import { parseEntries } from '../src/merkle/entries.ts'
import { leafHash } from '../src/merkle/hash.ts'
import { TileCache } from '../src/merkle/tile-cache.ts'
import { TileTree, unflushedLeavesMax } from '../src/merkle/tile-tree.ts'
import { parseTilePath, partialTiles, tilePath, tilesOfGrowth } from '../src/merkle/tiles.ts'
import { verifyConsistency, verifyInclusion } from '../src/merkle/verify.ts'
import { flipBit, hex, leaf, leaves, MemoryStorage, Rfc6962, refusal } from './merkle-support.ts'

const all = leaves(0, 70_000)
const rfc = new Rfc6962(all)

async function grown(storage: MemoryStorage, sizes: readonly number[], state?: TreeState): Promise<TileTree> {
  const tree = await TileTree.open(storage, state)
  for (const size of sizes) {
    tree.append(all.slice(tree.size, size))
    await tree.flush()
  }
  return tree
}

/** A tile as the specification defines it: hash i is MTH(D[(n × 256 + i) × 256^l : (n × 256 + i + 1) × 256^l]). */
function tileOf(level: number, index: number, width: number): string {
  const span = 256 ** level
  const hashes = Array.from({ length: width }, (_, i) => {
    const start = (index * 256 + i) * span
    return rfc.mth(start, start + span)
  })
  return hex(Buffer.concat(hashes))
}

function checkFiles(storage: MemoryStorage): void {
  for (const [path, bytes] of storage.files) {
    const name = parseTilePath(path)
    assert.ok(name, path)
    if (name.kind === 'tile') {
      assert.ok(hex(bytes) === tileOf(name.level, name.index, name.width), path)
    } else {
      const entries = parseEntries(bytes)?.map(hex)
      assert.deepEqual(entries, all.slice(name.index * 256, name.index * 256 + name.width).map(hex), path)
    }
  }
}

/** Root, proofs and data at the flushed size. */
async function checkTree(tree: TileTree, size: number): Promise<void> {
  assert.equal(tree.flushedSize, size)
  assert.equal(tree.state().size, size)
  if (tree.size === size) assert.equal(hex(tree.root()), hex(rfc.mth(0, size)))
  for (const index of new Set([0, Math.floor(size / 3), size - 1])) {
    if (index < 0 || index >= size) continue
    const root = rfc.mth(0, size)
    const proof = await tree.inclusionProof(index)
    assert.ok(verifyInclusion({ index, size, leafHash: leafHash(all[index]!), proof, root }), `${index} of ${size}`)
    assert.deepEqual(await tree.leafData(index), all[index])
  }
}

test('VM5: 70,000 leaves, the example of the specification: each tile as it is defined', async () => {
  const storage = new MemoryStorage()
  const tree = await grown(storage, [70_000])
  checkFiles(storage)
  assert.equal(storage.files.size, 273 * 2 + 2 + 1 + 1 + 1)
  await checkTree(tree, 70_000)
  await checkTree(await TileTree.open(storage, tree.state()), 70_000)
})

test('VM1, VM5: the same tiles, state and root in whatever batches, over reopenings', async () => {
  const step = fc.record({ leaves: fc.nat(400), after: fc.constantFrom('nothing', 'flush', 'reopen') })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async steps => {
      const storage = new MemoryStorage()
      let tree = await TileTree.open(storage)
      for (const { leaves: count, after } of steps) {
        tree.append(all.slice(tree.size, tree.size + count))
        if (after !== 'nothing') await tree.flush()
        if (after === 'reopen') tree = await TileTree.open(storage, tree.state())
      }
      const state = await tree.flush()
      const whole = new MemoryStorage()
      assert.deepEqual(state, await (await grown(whole, [tree.size])).flush())
      for (const [path, bytes] of whole.files) assert.equal(hex(storage.files.get(path)!), hex(bytes), path)
      checkFiles(storage)
      await checkTree(tree, tree.size)
    }),
    { numRuns: 60 },
  )
})

test('VM11: a partial tile stays until the full one is durable, then it goes', async () => {
  const storage = new MemoryStorage()
  const tree = await grown(storage, [1, 7, 200])
  assert.deepEqual(
    [...storage.files.keys()].sort(),
    [1, 7, 200].flatMap(width => [`tile/0/000.p/${width}`, `tile/entries/000.p/${width}`]).sort(),
  )
  const again = await grown(storage, [255, 300], tree.state())
  assert.deepEqual([...storage.files.keys()].sort(), [
    'tile/0/000',
    'tile/0/001.p/44',
    'tile/1/000.p/1',
    'tile/entries/000',
    'tile/entries/001.p/44',
  ])
  const removal = storage.changes.findIndex(change => !change.bytes)
  const written = storage.changes.findIndex(change => change.path === 'tile/entries/000')
  assert.ok(written < removal)
  await checkTree(again, 300)
})

/** What a crash at some moment of a flush may leave: any of the writes that were under way, removals only after all writes. */
function* crashes(before: MemoryStorage, after: MemoryStorage, seed: number): Generator<MemoryStorage> {
  const random = seededRandom(seed)
  const changes = after.changes.slice(before.changes.length)
  const writes = changes.filter(change => change.bytes)
  for (let done = 0; done <= changes.length; done += done < writes.length ? 1 : 31) {
    const files = new Map(before.files)
    const begun = changes.slice(0, done + 16)
    begun.forEach(({ path, bytes }, at) => {
      if (at >= done && (random.int(2) === 0 || (!bytes && done < writes.length))) return
      if (bytes) files.set(path, bytes)
      else files.delete(path)
    })
    yield new MemoryStorage(files)
  }
}

test('VM8: a crash at any moment of a flush leaves the old tree, which goes on to the same tiles', async () => {
  const cases = [
    [0, 1],
    [1, 2],
    [200, 300],
    [255, 256],
    [256, 257],
    [300, 1500],
    [65_500, 65_600],
  ] as const
  for (const [from, to] of cases) {
    const before = new MemoryStorage()
    const old = (await grown(before, from > 10 ? [from - 3, from] : [from])).state()
    const after = new MemoryStorage(before.files)
    after.changes.push(...before.changes)
    const wanted = await (await grown(after, [to], old)).flush()
    for (const left of crashes(before, after, from)) {
      const tree = await TileTree.open(left, old)
      await checkTree(tree, from)
      tree.append(all.slice(from, from + 1))
      await tree.flush()
      tree.append(all.slice(from + 1, to))
      assert.deepEqual(await tree.flush(), wanted)
      await checkTree(tree, to)
      for (const { level, index, width } of [...tilesOfGrowth(from, to), ...partialTiles(to)]) {
        const path = tilePath(level, index, width)
        assert.equal(hex(left.files.get(path)!), hex(after.files.get(path)!), path)
      }
    }
  }
})

test('VM8: a flush in which any write or removal fails leaves the old tree, and the next one does it all', async () => {
  const sound = new MemoryStorage()
  await grown(sound, [200, 1300])
  const first = (await grown(new MemoryStorage(), [200])).state()
  for (let fault = 4; fault < sound.changes.length; fault++) {
    const storage = new MemoryStorage()
    const tree = await grown(storage, [200])
    storage.failAt = fault
    tree.append(all.slice(200, 1300))
    await assert.rejects(tree.flush(), /the disk failed/)
    if (tree.flushedSize === 200) {
      assert.deepEqual(tree.state(), first)
      await checkTree(tree, 200)
    }
    await checkTree(await TileTree.open(storage, first), 200)
    assert.equal((await tree.flush()).size, 1300)
    await checkTree(tree, 1300)
    assert.deepEqual([...storage.files.keys()].sort(), [...sound.files.keys()].sort())
    checkFiles(storage)
  }
})

/** Writes nothing before it is let. */
class HeldStorage extends MemoryStorage {
  readonly asked = Promise.withResolvers<void>()
  readonly let = Promise.withResolvers<void>()

  override async write(path: string, bytes: Uint8Array): Promise<void> {
    this.asked.resolve()
    await this.let.promise
    await super.write(path, bytes)
  }
}

test('appends during a flush wait for the next; flushes that wait are one', async () => {
  const storage = new HeldStorage()
  const tree = await TileTree.open(storage)
  tree.append(all.slice(0, 300))
  const first = tree.flush()
  await storage.asked.promise
  tree.append(all.slice(300, 700))
  const second = tree.flush()
  tree.append(all.slice(700, 900))
  assert.equal(tree.flush(), second)
  assert.equal(tree.flushedSize, 0)
  storage.let.resolve()
  assert.equal((await first).size, 300)
  assert.equal((await second).size, 900)
  checkFiles(storage)
  await checkTree(tree, 900)
  tree.append(all.slice(900, 901))
  assert.deepEqual(await tree.leafData(900), all[900])
  assert.deepEqual(await tree.leafData(899), all[899])
})

test('proofs of every kind at sizes that were never flushed on their own', async () => {
  const tree = await grown(new MemoryStorage(), [1, 90, 66_000])
  const random = seededRandom(256)
  for (let round = 0; round < 300; round++) {
    const size = 1 + random.int(66_000)
    const index = random.int(size)
    const from = 1 + random.int(size)
    const root = rfc.mth(0, size)
    const proof = await tree.inclusionProof(index, size)
    assert.ok(verifyInclusion({ index, size, leafHash: leafHash(all[index]!), proof, root }))
    const shown = await tree.consistencyProof(from, size)
    assert.ok(verifyConsistency({ from, to: size, fromRoot: rfc.mth(0, from), toRoot: root, proof: shown }))
  }
})

test('VM9: a tile that was changed, cut or lost is never believed', async () => {
  const sound = new MemoryStorage()
  const state = (await grown(sound, [66_000])).state()
  const random = seededRandom(9)
  const shown = [
    'tile/0/000',
    'tile/0/257.p/208',
    'tile/1/000',
    'tile/1/001.p/1',
    'tile/2/000.p/1',
    'tile/entries/000',
    'tile/entries/257.p/208',
  ]
  const uses = async (storage: MemoryStorage): Promise<void> => {
    const tree = await TileTree.open(storage, state)
    await tree.inclusionProof(3)
    await tree.inclusionProof(65_999)
    await tree.leafData(3)
  }
  for (const path of shown) {
    const bytes = sound.files.get(path)!
    const changes = [
      flipBit(bytes, random.int(bytes.length * 8)),
      bytes.subarray(1),
      bytes.subarray(34),
      Buffer.concat([bytes, bytes]),
    ]
    for (const changed of changes) {
      await assert.rejects(
        uses(new MemoryStorage([...sound.files, [path, changed]])),
        refusal('vault.tree-damaged', /tile/),
      )
    }
    const lost = new MemoryStorage(sound.files)
    lost.files.delete(path)
    await assert.rejects(uses(lost), refusal('vault.tile-missing', new RegExp(path)))
  }
  await uses(sound)
})

test('VM9: a tile that is restored is read again by the same tree', async () => {
  const storage = new MemoryStorage()
  const tree = await grown(storage, [600])
  const kept = storage.files.get('tile/0/000')!
  storage.files.delete('tile/0/000')
  await assert.rejects(tree.inclusionProof(3), refusal('vault.tile-missing'))
  storage.files.set('tile/0/000', kept)
  await checkTree(tree, 600)
})

test('VM10: proofs read each tile once while it is in the cache, trees share one, and a small one does', async () => {
  const storage = new MemoryStorage()
  const state = (await grown(storage, [66_000])).state()
  const shared = new TileCache(16)
  const tree = await TileTree.open(storage, state, shared)
  const other = await TileTree.open(new MemoryStorage(), undefined, shared)
  other.append(all.slice(1000, 1300))
  await other.flush()
  await checkTree(tree, 66_000)
  const leafOfOther = leafHash(all[1000]!)
  const proof = await other.inclusionProof(0)
  assert.ok(verifyInclusion({ index: 0, size: 300, leafHash: leafOfOther, proof, root: other.root() }))
  assert.deepEqual(await other.leafData(0), all[1000])
  storage.reads.length = 0
  for (let round = 0; round < 10; round++) await Promise.all([tree.inclusionProof(3), tree.inclusionProof(4)])
  assert.deepEqual(storage.reads, [])
  for (const index of [256, 512]) {
    const two = [tree.inclusionProof(index), tree.inclusionProof(index + 1)]
    await Promise.all(two)
  }
  assert.deepEqual(storage.reads, ['tile/0/001', 'tile/0/002'])
  for (let index = 0; index < 16 * 256; index += 256) await tree.inclusionProof(index)
  storage.reads.length = 0
  await tree.inclusionProof(1)
  assert.deepEqual(storage.reads, ['tile/0/000'])
  await checkTree(await TileTree.open(storage, state, new TileCache(1)), 66_000)
})

test('VM10: more leaves than may wait are refused, and none of them is appended', async () => {
  const tree = await TileTree.open(new MemoryStorage())
  tree.append([leaf(0)])
  const most: Uint8Array[] = new Array(unflushedLeavesMax).fill(leaf(1))
  assert.throws(() => tree.append(most), refusal('vault.too-much-unflushed'))
  assert.equal(tree.size, 1)
  assert.throws(() => tree.append([leaf(1), new Uint8Array(31)]), refusal('vault.invalid-argument', /leaf 1/))
  assert.equal(hex(tree.root()), hex(leafHash(leaf(0))))
})

test('what lies outside of the tree is refused', async () => {
  const tree = await grown(new MemoryStorage(), [10])
  tree.append(all.slice(10, 12))
  const invalid = refusal('vault.invalid-argument')
  await assert.rejects(tree.inclusionProof(10), invalid)
  await assert.rejects(tree.inclusionProof(0, 11), invalid)
  await assert.rejects(tree.inclusionProof(-1), invalid)
  await assert.rejects(tree.consistencyProof(0, 11), invalid)
  await assert.rejects(tree.consistencyProof(9, 8), invalid)
  await assert.rejects(tree.leafData(12), invalid)
  await assert.rejects((await TileTree.open(new MemoryStorage())).inclusionProof(0), invalid)
  await assert.rejects(TileTree.open(new MemoryStorage(), { size: 1, peaks: [] }), invalid)
  await assert.rejects(TileTree.open(new MemoryStorage(), { size: 1, peaks: [leaf(0)] }), refusal('vault.tile-missing'))
})
