/**
 * Merkle trees of RFC 6962 (SHA-256). A leaf enters the tree as 32 bytes of *leaf data* (a salted hash, see `saltedLeaf`); its leaf hash is
 * SHA-256(0x00 ‖ leaf data). Hashes are 32-byte Uint8Arrays everywhere. Sizes and indices are whole numbers up to 2^53 − 1.
 */
export type Hash = Uint8Array

/** Where a tree's tiles are kept (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`. Static files under a prefix. */
export type TileStorage = {
  /** undefined when there is none. */
  read(path: string): Promise<Uint8Array | undefined>
  /** Writes a tile, durable when it resolves. Writing the same bytes again is harmless; a tile never changes. */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** Removes a partial tile that a full one has replaced; harmless when there is none. */
  remove(path: string): Promise<void>
}

/** The state of a growing tree: what has to be kept to append to it, O(log n). */
export type TreeState = {
  readonly size: number
  /** Roots of the perfect subtrees that make up the tree, largest first: one for each bit set in `size`. */
  readonly peaks: readonly Hash[]
}

/** Where proofs get the hashes of a tree from. */
export type HashReader = {
  /** The root of the perfect subtree over the 2^level leaves from index × 2^level on. */
  hash(level: number, index: number): Promise<Hash>
}
