import { entriesPath, hashesAt, partialTiles, tilePath, tileWidthMax } from './tiles.ts'

/**
 * Which partial tiles a tree may have in its storage. A checkpoint may have been given out for any of their sizes, so that a partial tile stays
 * until there is the full one (VM11; C2SP tlog-tiles, Partial Tiles). At most 255 widths a level.
 */
export class PartialTiles {
  /** By level: widths in which the right-most tile may be there. */
  readonly #widths: number[][] = []

  /** After an opening nobody knows at which sizes the tree was flushed: any up to this one. */
  constructor(size: number) {
    for (const { level, width } of partialTiles(size)) {
      this.#widths[level] = Array.from({ length: width }, (_, index) => index + 1)
    }
  }

  /** Notes the tiles of a tree that was flushed at `to` leaves; returns the paths of those that full ones have replaced. */
  grow(from: number, to: number): string[] {
    const replaced: string[] = []
    for (let level = 0; hashesAt(level, from) < hashesAt(level, to); level++) {
      const index = Math.floor(hashesAt(level, from) / tileWidthMax)
      if (index < Math.floor(hashesAt(level, to) / tileWidthMax)) {
        for (const width of this.#widths[level] ?? []) replaced.push(...pathsOf(level, index, width))
        this.#widths[level] = []
      }
      const width = hashesAt(level, to) % tileWidthMax
      if (width > 0) (this.#widths[level] ??= []).push(width)
    }
    return replaced
  }
}

function pathsOf(level: number, index: number, width: number): string[] {
  const tile = tilePath(level, index, width)
  return level === 0 ? [tile, entriesPath(index, width)] : [tile]
}
