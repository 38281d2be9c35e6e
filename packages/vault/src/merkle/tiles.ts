/**
 * Paths and shapes of tiles (C2SP tlog-tiles): arithmetic only, nothing is read or written here.
 *
 * ```text
 * tile/<L>/<N>[.p/<W>]        W × 32 bytes: hash i is the root of the 256^L leaves from (N × 256 + i) × 256^L on
 * tile/entries/<N>[.p/<W>]    W × 34 bytes: for each leaf from N × 256 on a 16-bit big-endian length, 32, and the leaf data
 * ```
 * N is written in groups of three digits, all but the last behind an x: 1234067 is x001/x234/067. W, from 1 to 255, stands only where the
 * tile is not full.
 */
import { assert } from '@chronicle/base'
import { hashBytes } from './hash.ts'
import { checkRange, isSize } from './shape.ts'

/** Levels of the tree that one tile spans. */
export const tileLevels = 8
/** Hashes in a full tile, entries in a full bundle. */
export const tileWidthMax = 2 ** tileLevels
const tileLevelMax = 63
/** Of the longest path there is: entries and the largest index, partial. */
const pathCharactersMax = 50

export const tileBytesMax = tileWidthMax * hashBytes
export const entryBytes = 2 + hashBytes
export const bundleBytesMax = tileWidthMax * entryBytes
assert(tileBytesMax === 8192 && bundleBytesMax === 8704, 'the layouts above')

/** A tile of the tree (`level` counts tiles: it stands 8 × level above the leaves), full or with its first `width` hashes. */
export type TileName = { readonly level: number; readonly index: number; readonly width: number }
export type BundleName = { readonly index: number; readonly width: number }
export type TilePath = ({ readonly kind: 'tile' } & TileName) | ({ readonly kind: 'entries' } & BundleName)

/** Throws 'vault.invalid-argument' for what no path can name. */
export function tilePath(level: number, index: number, width: number = tileWidthMax): string {
  checkRange('level', level, 0, tileLevelMax)
  return `tile/${level}/${place(index, width)}`
}

/** Throws 'vault.invalid-argument' for what no path can name. */
export function entriesPath(index: number, width: number = tileWidthMax): string {
  return `tile/entries/${place(index, width)}`
}

function place(index: number, width: number): string {
  checkRange('index', index, 0, Number.MAX_SAFE_INTEGER)
  checkRange('width', width, 1, tileWidthMax)
  const digits = String(index)
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g)!
  const last = groups.pop()!
  const suffix = width === tileWidthMax ? '' : `.p/${width}`
  return `${groups.map(group => `x${group}/`).join('')}${last}${suffix}`
}

const pathPattern = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/

/** What a path names, undefined for every string that `tilePath` and `entriesPath` would not write (VM4). */
export function parseTilePath(path: string): TilePath | undefined {
  if (typeof path !== 'string' || path.length > pathCharactersMax) return undefined
  const [, level, groups, suffix] = pathPattern.exec(path) ?? []
  if (level === undefined || groups === undefined) return undefined
  const index = Number(groups.replaceAll(/[x/]/g, ''))
  const width = suffix === undefined ? tileWidthMax : Number(suffix)
  if (!isSize(index) || width < 1 || width > tileWidthMax || Number(level) > tileLevelMax) return undefined
  const name: TilePath =
    level === 'entries' ? { kind: 'entries', index, width } : { kind: 'tile', level: Number(level), index, width }
  // One spelling each: leading zeros, and a width of 256, are refused.
  const spelling = name.kind === 'entries' ? entriesPath(index, width) : tilePath(name.level, index, width)
  return spelling === path ? name : undefined
}

/** Hashes of tile level `level` in a tree of `size` leaves: floor(size / 256^level). */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / tileWidthMax ** level)
}

/** How much of a tile there is in a tree with `hashes` hashes at its level. */
export function widthOf(index: number, hashes: number): number {
  return Math.max(0, Math.min(tileWidthMax, hashes - index * tileWidthMax))
}

/** The tiles that a tree of `to` leaves has and one of `from` leaves has not, level by level; those of level 0 are those of the bundles as well. */
export function* tilesOfGrowth(from: number, to: number): Generator<TileName> {
  checkRange('to', to, 0, Number.MAX_SAFE_INTEGER)
  checkRange('from', from, 0, to)
  for (let level = 0; hashesAt(level, from) < hashesAt(level, to); level++) {
    const hashes = hashesAt(level, to)
    for (let index = Math.floor(hashesAt(level, from) / tileWidthMax); widthOf(index, hashes) > 0; index++) {
      yield { level, index, width: widthOf(index, hashes) }
    }
  }
}

/** The tiles on the right edge of a tree that are not full. */
export function* partialTiles(size: number): Generator<TileName> {
  checkRange('size', size, 0, Number.MAX_SAFE_INTEGER)
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const hashes = hashesAt(level, size)
    const width = hashes % tileWidthMax
    if (width > 0) yield { level, index: Math.floor(hashes / tileWidthMax), width }
  }
}
