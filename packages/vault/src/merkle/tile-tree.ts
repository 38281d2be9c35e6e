import { vaultErrors } from '../errors.ts'
import { atOnce } from './at-once.ts'
import type { Hash, TileStorage, TreeState } from './contract.ts'
import { encodeEntries } from './entries.ts'
import { GrowingBytes } from './growing-bytes.ts'
import { hashBytes, leafHashes } from './hash.ts'
import { PartialTiles } from './partial-tiles.ts'
import { consistencyProof, inclusionProof } from './proofs.ts'
import { checkRange } from './shape.ts'
import { Tile } from './tile.ts'
import { TileCache, type TreeCache } from './tile-cache.ts'
import { TileReader } from './tile-reader.ts'
import {
  entriesPath,
  entryBytes,
  hashesAt,
  type TileName,
  tileLevels,
  tilePath,
  tilesOfGrowth,
  tileWidthMax,
} from './tiles.ts'
import { MerkleTree } from './tree.ts'

/** Leaves that may wait in memory, 64 bytes each. */
export const unflushedLeavesMax = 1_048_576
/** Tiles that a tree keeps in memory, unless it shares a cache: at most 400 KiB with the bundles. */
export const tileCacheTilesDefault = 16
/** Writes, or removals, that a flush has under way. */
const storageCallsMax = 16

/**
 * A Merkle tree that grows in memory and is kept as tiles. `flush` makes the tiles durable; its state is the caller's to store, after that.
 * A crash in between leaves the old state, which opens as before and, given the same leaves again, writes the same tiles (VM5, VM8).
 *
 * At rest, flushed, a tree of some hundred leaves takes 3 to 6 KiB besides the cache.
 */
export class TileTree {
  readonly #storage: TileStorage
  readonly #cache: TreeCache
  readonly #tree: MerkleTree
  /** Data of the leaves that are not flushed yet. */
  readonly #leaves = new GrowingBytes()
  /** By level of tiles: hashes that are not flushed yet. */
  readonly #hashes: GrowingBytes[] = []
  readonly #partials: PartialTiles
  /** Paths of partial tiles that are still to be removed. */
  #replaced: string[] = []
  /** Reads the tree as it was flushed last. */
  #reader: TileReader
  #lastFlush: Promise<unknown> = Promise.resolve()
  #nextFlush: Promise<TreeState> | undefined

  private constructor(storage: TileStorage, state: TreeState | undefined, cache: TileCache) {
    this.#storage = storage
    this.#cache = cache.forTree()
    this.#tree = new MerkleTree(state, (level, bytes, at) => {
      if (level % tileLevels === 0) this.#rowOf(level / tileLevels).append(bytes, at, hashBytes)
    })
    this.#reader = new TileReader(storage, this.#cache, this.#tree.state())
    this.#partials = new PartialTiles(this.#tree.size)
  }

  /**
   * Opens the tree that a flush left, or begins a new one. Reads its partial tiles: throws 'vault.tile-missing' or 'vault.tree-damaged' where it
   * could not go on. Give many trees one cache.
   */
  static async open(
    storage: TileStorage,
    state?: TreeState,
    cache: TileCache = new TileCache(tileCacheTilesDefault),
  ): Promise<TileTree> {
    const tree = new TileTree(storage, state, cache)
    await tree.#reader.checkEdge()
    return tree
  }

  get size(): number {
    return this.#tree.size
  }

  get flushedSize(): number {
    return this.#reader.state.size
  }

  /** The root over all that was appended, flushed or not. */
  root(): Hash {
    return this.#tree.root()
  }

  /** The state that the last flush left: what may be stored. */
  state(): TreeState {
    return this.#reader.state
  }

  /**
   * In memory only. All or nothing: throws 'vault.invalid-argument' unless every leaf has 32 bytes, 'vault.too-much-unflushed' when they
   * are more than may wait (VM10).
   */
  append(leafData: readonly Uint8Array[]): void {
    const waiting = this.size - this.flushedSize + leafData.length
    if (waiting > unflushedLeavesMax) {
      throw vaultErrors.create('vault.too-much-unflushed', { leaves: waiting, leavesMax: unflushedLeavesMax })
    }
    const leaves = new Uint8Array(leafData.length * hashBytes)
    leafData.forEach((leaf, index) => {
      if (leaf.length !== hashBytes) throw notLeafData(index, leaf.length)
      leaves.set(leaf, index * hashBytes)
    })
    this.#tree.appendAll(leafHashes(leaves))
    this.#leaves.append(leaves, 0, leaves.length)
  }

  /**
   * Writes the tiles that have been completed and the partial ones of the current size, then removes the partial ones that full ones have replaced. What is
   * appended meanwhile waits for the next flush. After a failure nothing is lost: flush again.
   */
  flush(): Promise<TreeState> {
    if (this.#nextFlush) return this.#nextFlush
    const flush = this.#lastFlush.then(() => {
      this.#nextFlush = undefined
      return this.#flush()
    })
    this.#nextFlush = flush
    // Those who wait for it are told of its failure; the next one begins all the same.
    this.#lastFlush = flush.catch(() => undefined)
    return flush
  }

  /** For a tree of any flushed size, by default the whole. Throws 'vault.invalid-argument' outside of it. */
  async inclusionProof(index: number, size: number = this.flushedSize): Promise<Hash[]> {
    const reader = this.#reader
    checkRange('size', size, 1, reader.state.size)
    return inclusionProof(index, size, reader)
  }

  /** Between any two flushed sizes, by default up to the whole. Throws 'vault.invalid-argument' outside of it. */
  async consistencyProof(from: number, to: number = this.flushedSize): Promise<Hash[]> {
    const reader = this.#reader
    checkRange('to', to, 0, reader.state.size)
    return consistencyProof(from, to, reader)
  }

  /** The data of any leaf that was appended. Throws 'vault.invalid-argument' for another. */
  async leafData(index: number): Promise<Hash> {
    checkRange('index', index, 0, this.size - 1)
    if (index < this.flushedSize) return this.#reader.leafData(index)
    const at = (index - this.flushedSize) * hashBytes
    return this.#leaves.view(at, at + hashBytes).slice()
  }

  async #flush(): Promise<TreeState> {
    await this.#removeReplaced()
    const from = this.flushedSize
    const state = this.#tree.state()
    if (state.size > from) {
      await atOnce(tilesOfGrowth(from, state.size), storageCallsMax, tile => this.#write(tile, from))
      this.#adopt(from, state)
      await this.#removeReplaced()
    }
    return state
  }

  /** VM5: a tile goes on where its partial form ended. */
  async #write({ level, index, width }: TileName, from: number): Promise<void> {
    const before = hashesAt(level, from)
    const kept = Math.max(0, before - index * tileWidthMax)
    const start = (index * tileWidthMax + kept - before) * hashBytes
    const end = start + (width - kept) * hashBytes
    const tile = new Uint8Array(width * hashBytes)
    if (kept > 0) tile.set((await this.#reader.tile(level, index)).bytes)
    tile.set(this.#rowOf(level).view(start, end), kept * hashBytes)
    if (level === 0) await this.#writeBundle(index, width, kept, encodeEntries(this.#leaves.view(start, end)))
    const path = tilePath(level, index, width)
    await this.#storage.write(path, tile)
    if (width < tileWidthMax) this.#cache.tiles.set(path, new Tile(tile))
  }

  async #writeBundle(index: number, width: number, kept: number, entries: Uint8Array): Promise<void> {
    const bundle = new Uint8Array(width * entryBytes)
    if (kept > 0) bundle.set(await this.#reader.bundle(index))
    bundle.set(entries, kept * entryBytes)
    const path = entriesPath(index, width)
    await this.#storage.write(path, bundle)
    if (width < tileWidthMax) this.#cache.bundles.set(path, bundle)
  }

  /** All tiles of `state` are durable. */
  #adopt(from: number, state: TreeState): void {
    this.#hashes.forEach((hashes, level) => {
      hashes.dropFirst((hashesAt(level, state.size) - hashesAt(level, from)) * hashBytes)
    })
    this.#leaves.dropFirst((state.size - from) * hashBytes)
    this.#replaced = this.#partials.grow(from, state.size)
    this.#reader = new TileReader(this.#storage, this.#cache, state)
  }

  /** Only after the full tiles are durable. Who still has a state of before finds its partial tiles as the beginnings of full ones (VM8). */
  async #removeReplaced(): Promise<void> {
    await atOnce(this.#replaced, storageCallsMax, path => this.#storage.remove(path))
    this.#replaced = []
  }

  #rowOf(level: number): GrowingBytes {
    return (this.#hashes[level] ??= new GrowingBytes())
  }
}

function notLeafData(index: number, bytes: number): Error {
  return vaultErrors.create('vault.invalid-argument', {
    argument: `leaf ${index}`,
    value: `${bytes} bytes`,
    accepted: `${hashBytes} bytes`,
  })
}
