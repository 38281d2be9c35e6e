import type { ObjectStore } from '@chronicle/objects'
import {
  entriesPath,
  type Hash,
  leafHash,
  MerkleTree,
  parseEntries,
  type TileStorage,
  TileTree,
  type TreeState,
  tilePath,
  tilesOfGrowth,
} from '@chronicle/vault'
import { tileStorage } from './tile-storage.ts'
import type { Findings } from './verify-report.ts'

const leavesPerBundle = 256
/** Leaves that are held in memory while tiles are computed again: a whole number of bundles. */
const leavesAtOnce = 65_536

/** The leaf data of a stored tree of `size` leaves, bundle by bundle; undefined for a bundle that is missing or damaged. */
export async function* storedBundles(
  store: ObjectStore,
  sessionId: string,
  size: number,
): AsyncGenerator<{ path: string; leaves: Hash[] | undefined }> {
  const storage = tileStorage(store, sessionId)
  for (let from = 0; from < size; from += leavesPerBundle) {
    const width = Math.min(leavesPerBundle, size - from)
    const path = entriesPath(from / leavesPerBundle, width)
    const bytes = await storage.read(path)
    const leaves = bytes && parseEntries(bytes)
    yield { path, leaves: leaves?.length === width ? leaves : undefined }
  }
}

export type TreeClaim = {
  readonly size: number
  readonly root: Hash
  /** Who says so. */
  readonly source: string
}

/** Computes the roots that are claimed again from the stored leaf data. */
export async function verifyLeaves(
  store: ObjectStore,
  sessionId: string,
  size: number,
  claims: readonly TreeClaim[],
  findings: Findings,
): Promise<void> {
  const tree = new MerkleTree()
  const check = (): void => {
    for (const { size, root, source } of claims) {
      if (size !== tree.size || Buffer.from(root).equals(tree.root())) continue
      findings.problem(`the root over the ${size} stored leaves is not the one in the ${source}`)
    }
  }
  check()
  for await (const { path, leaves } of storedBundles(store, sessionId, size)) {
    if (!leaves) return findings.problem(`${path} is missing or damaged: no root can be computed from there on`)
    for (const leaf of leaves) {
      tree.append(leafHash(leaf))
      check()
    }
  }
}

/** Computes every tile again and compares it with the stored one. */
export async function verifyTiles(
  store: ObjectStore,
  sessionId: string,
  size: number,
  findings: Findings,
): Promise<void> {
  const comparing = new ComparingStorage(tileStorage(store, sessionId), size, findings)
  const tree = await TileTree.open(comparing)
  let leaves: Hash[] = []
  for await (const { leaves: more } of storedBundles(store, sessionId, size)) {
    // The check of the leaves has said so.
    if (!more) return
    leaves.push(...more)
    if (leaves.length < leavesAtOnce) continue
    tree.append(leaves)
    await tree.flush()
    leaves = []
  }
  tree.append(leaves)
  await tree.flush()
}

/** Takes the tiles of a tree that is grown again, and compares those that the whole tree has with what is stored. */
class ComparingStorage implements TileStorage {
  readonly #stored: TileStorage
  readonly #wanted: Set<string>
  readonly #findings: Findings
  /** Partial tiles on the way, a few for each level. */
  readonly #passing = new Map<string, Uint8Array>()

  constructor(stored: TileStorage, size: number, findings: Findings) {
    this.#stored = stored
    this.#wanted = new Set([...tilesOfGrowth(0, size)].map(({ level, index, width }) => tilePath(level, index, width)))
    this.#findings = findings
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#passing.get(path) ?? this.#stored.read(path)
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    if (!this.#wanted.has(path)) {
      this.#passing.set(path, bytes)
      return
    }
    const stored = await this.#stored.read(path)
    if (!stored) this.#findings.problem(`${path} is missing`)
    else if (!Buffer.from(stored).equals(bytes)) this.#findings.problem(`${path} is not what its leaves give`)
  }

  async remove(path: string): Promise<void> {
    this.#passing.delete(path)
  }
}

export function rootOfState(state: TreeState): Hash {
  return new MerkleTree(state).root()
}
