import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { entriesPath, type Hash, leafHash, MerkleTree, parseEntries, tilePath } from '@chronicle/vault'
import { count } from '../format.ts'
import { type Check, refused, valid } from './finding.ts'

/** The files of a tree (C2SP tlog-tiles) by their paths; undefined where there is none. */
export type TreeFiles = (path: string) => Promise<Uint8Array | undefined>

const tileWidth = 256
/** No file of a tree is larger than its checkpoint may be. */
const fileBytesMax = 1 << 20

/** Files below a directory of a disk. */
export function treeDirectory(directory: string): TreeFiles {
  return async path => {
    const file = await open(join(directory, path), constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
      throw error
    })
    if (!file) return undefined
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(fileBytesMax), 0, fileBytesMax, 0)
      return buffer.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  }
}

export type Recomputed = {
  readonly checks: readonly Check[]
  /** Of all entries; undefined when they cannot be read. */
  readonly root: Hash | undefined
}

/**
 * Computes the tree of the first `size` entries from scratch, and compares every tile with it. `onLeaf` is told the data of each leaf, in order.
 */
export async function recomputeTree(
  files: TreeFiles,
  size: number,
  onLeaf: (index: number, leafData: Hash) => Promise<void> | void = () => undefined,
): Promise<Recomputed> {
  const tree = new MerkleTree()
  /** Hashes of the tile that is filling, level by level. */
  const filling: Hash[][] = []
  const wrong: string[] = []
  const compare = async (level: number, index: number, hashes: readonly Hash[]): Promise<void> => {
    const found = await files(tilePath(level, index, hashes.length))
    const expected = Buffer.concat(hashes)
    if (!found || !expected.equals(found)) wrong.push(tilePath(level, index, hashes.length))
  }
  const add = async (level: number, hash: Hash, at: number): Promise<void> => {
    const hashes = (filling[level] ??= [])
    hashes.push(hash)
    if (hashes.length < tileWidth) return
    await compare(level, Math.floor(at / tileWidth), hashes)
    filling[level] = []
    await add(level + 1, rootOf(hashes), Math.floor(at / tileWidth))
  }
  for (let index = 0; index < size; ) {
    const width = Math.min(tileWidth, size - index)
    const bundle = await files(entriesPath(index / tileWidth, width))
    const leaves = bundle && parseEntries(bundle)
    if (leaves?.length !== width) return { checks: [entriesRefusal(index, size)], root: undefined }
    for (const leafData of leaves) {
      await onLeaf(index, leafData)
      const hash = leafHash(leafData)
      tree.append(hash)
      await add(0, hash, index++)
    }
  }
  for (const [level, hashes] of filling.entries()) {
    const index = Math.floor(size / tileWidth ** (level + 1))
    if (hashes.length > 0) await compare(level, index, hashes)
  }
  return { checks: [tilesCheck(wrong)], root: tree.root() }
}

function rootOf(hashes: readonly Hash[]): Hash {
  const tree = new MerkleTree()
  for (const hash of hashes) tree.append(hash)
  return tree.root()
}

function entriesRefusal(index: number, size: number): Check {
  const detail = `the bundle with entry ${count(index)} is missing or damaged`
  return refused(`all ${count(size)} entries are there`, detail, 'Restore the tiles from a copy.')
}

function tilesCheck(wrong: readonly string[]): Check {
  const what = 'every tile is the one that follows from the entries'
  if (wrong.length === 0) return valid(what)
  const remedy = 'Restore the tile from a copy, or compute it again from the entries.'
  return refused(what, `${count(wrong.length)} wrong or missing, the first of them ${wrong[0]}`, remedy)
}
