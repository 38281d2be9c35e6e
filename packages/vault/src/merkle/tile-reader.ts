import { assert } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { Hash, HashReader, TileStorage, TreeState } from './contract.ts'
import { parseEntries } from './entries.ts'
import { hashBytes, leafHash, sameHash } from './hash.ts'
import { checkRange, subtreesOf } from './shape.ts'
import { Tile } from './tile.ts'
import type { TreeCache } from './tile-cache.ts'
import {
  entriesPath,
  entryBytes,
  hashesAt,
  partialTiles,
  tileLevels,
  tilePath,
  tileWidthMax,
  widthOf,
} from './tiles.ts'

/**
 * Reads a tree of a certain size from its tiles. Nothing that comes from storage is believed (VM9): a full tile has to have the root that the tile
 * above it holds, a partial one the peaks of the tree's state, an entry the hash in its tile.
 */
export class TileReader implements HashReader {
  readonly state: TreeState
  readonly #storage: TileStorage
  readonly #cache: TreeCache
  /** By level. */
  readonly #peaks = new Map<number, Hash>()

  constructor(storage: TileStorage, cache: TreeCache, state: TreeState) {
    this.state = state
    this.#storage = storage
    this.#cache = cache
    subtreesOf(0, state.size).forEach(({ level }, index) => {
      this.#peaks.set(level, state.peaks[index]!)
    })
  }

  /** Throws 'vault.tile-missing' or 'vault.tree-damaged', as all that reads does. */
  async hash(level: number, index: number): Promise<Hash> {
    const tileLevel = Math.floor(level / tileLevels)
    const row = level % tileLevels
    const first = index * 2 ** row
    const tile = await this.tile(tileLevel, Math.floor(first / tileWidthMax))
    return tile.root(row, (first % tileWidthMax) / 2 ** row)
  }

  tile(level: number, index: number): Promise<Tile> {
    const width = widthOf(index, hashesAt(level, this.state.size))
    assert(width > 0, 'the tile lies in the tree')
    return this.#cache.tiles.get(tilePath(level, index, width), async () => {
      const tile = new Tile(await this.#read(tilePath, [level, index], width, hashBytes))
      await this.#check(tile, level, index)
      return tile
    })
  }

  /** Entries as they are in their bundle, as many as the tree has. */
  bundle(index: number): Promise<Uint8Array> {
    const width = widthOf(index, this.state.size)
    assert(width > 0, 'the bundle lies in the tree')
    return this.#cache.bundles.get(entriesPath(index, width), async () => {
      const bytes = await this.#read(entriesPath, [index], width, entryBytes)
      const tile = await this.tile(0, index)
      const leaves = parseEntries(bytes)
      if (!leaves?.every((leaf, at) => sameHash(leafHash(leaf), tile.root(0, at))))
        throw damaged(entriesPath(index, width))
      return bytes
    })
  }

  async leafData(index: number): Promise<Hash> {
    checkRange('index', index, 0, this.state.size - 1)
    const bundle = await this.bundle(Math.floor(index / tileWidthMax))
    const end = ((index % tileWidthMax) + 1) * entryBytes
    return bundle.slice(end - hashBytes, end)
  }

  /** Reads what the tree grows on: its partial tiles and bundle. */
  async checkEdge(): Promise<void> {
    for (const { level, index } of partialTiles(this.state.size)) {
      await this.tile(level, index)
      if (level === 0) await this.bundle(index)
    }
  }

  /** A partial tile may have been removed once there was a full one, which begins with it (VM8). */
  async #read<Place extends number[]>(
    pathOf: (...place: [...Place, width: number]) => string,
    place: Place,
    width: number,
    bytesEach: number,
  ): Promise<Uint8Array> {
    const path = pathOf(...place, width)
    const exact = await this.#storage.read(path)
    const full = exact ?? (width < tileWidthMax ? await this.#storage.read(pathOf(...place, tileWidthMax)) : undefined)
    if (full === undefined) throw vaultErrors.create('vault.tile-missing', { tile: path })
    if (full.length !== (exact ? width : tileWidthMax) * bytesEach) throw damaged(path)
    // A copy of our own: a Buffer's slices would share the memory of whoever read it.
    return new Uint8Array(full.subarray(0, width * bytesEach))
  }

  async #check(tile: Tile, level: number, index: number): Promise<void> {
    for (const subtree of subtreesOf(0, tile.width)) {
      const treeLevel = level * tileLevels + subtree.level
      const expected = tile.width === tileWidthMax ? await this.hash(treeLevel, index) : this.#peaks.get(treeLevel)
      assert(expected, 'the subtrees of a partial tile are peaks of the tree')
      if (!sameHash(tile.root(subtree.level, subtree.index), expected))
        throw damaged(tilePath(level, index, tile.width))
    }
  }
}

function damaged(tile: string): Error {
  return vaultErrors.create('vault.tree-damaged', { tile })
}
