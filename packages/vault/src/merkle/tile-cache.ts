import { Lru } from '../keys/lru.ts'
import type { Tile } from './tile.ts'

/**
 * Tiles and bundles that were used last, at most `tilesMax` of each (VM10): a tile takes up to 16 KiB, a bundle 9. Trees may share one, so
 * that many trees at rest take no more than one that is busy. What is being read is in it already: two who want the same wait for one read.
 */
export class TileCache {
  readonly #tiles: Lru<Promise<Tile>>
  readonly #bundles: Lru<Promise<Uint8Array>>
  #trees = 0

  constructor(tilesMax: number) {
    this.#tiles = new Lru(tilesMax)
    this.#bundles = new Lru(tilesMax)
  }

  /** A part of the cache for one tree: paths are the same in all of them. */
  forTree(): TreeCache {
    const tree = this.#trees++
    return { tiles: new Shelf(tree, this.#tiles), bundles: new Shelf(tree, this.#bundles) }
  }
}

export type TreeCache = { readonly tiles: Shelf<Tile>; readonly bundles: Shelf<Uint8Array> }

class Shelf<T> {
  readonly #tree: number
  readonly #lru: Lru<Promise<T>>

  constructor(tree: number, lru: Lru<Promise<T>>) {
    this.#tree = tree
    this.#lru = lru
  }

  /** What failed to load is loaded again by the next who wants it. */
  get(path: string, load: () => Promise<T>): Promise<T> {
    const key = `${this.#tree}/${path}`
    const cached = this.#lru.get(key)
    if (cached) return cached
    const loading = load()
    this.#lru.set(key, loading)
    loading.catch(() => this.#lru.delete(key))
    return loading
  }

  set(path: string, value: T): void {
    this.#lru.set(`${this.#tree}/${path}`, Promise.resolve(value))
  }
}
