export { canonicalJson, canonicalJsonBytesMax, canonicalJsonDepthMax } from './canonical-json.ts'
export type { Hash, HashReader, TileStorage, TreeState } from './contract.ts'
export { encodeEntries, parseEntries } from './entries.ts'
export { emptyRoot, leafHash, nodeHash } from './hash.ts'
export { consistencyProof, inclusionProof, treeRoot } from './proofs.ts'
export { saltBytes, saltedLeaf } from './salted-leaf.ts'
export { TileCache } from './tile-cache.ts'
export { TileTree, tileCacheTilesDefault, unflushedLeavesMax } from './tile-tree.ts'
export {
  type BundleName,
  entriesPath,
  parseTilePath,
  partialTiles,
  type TileName,
  type TilePath,
  tilePath,
  tilesOfGrowth,
} from './tiles.ts'
export { MerkleTree } from './tree.ts'
export { decodeTreeState, encodeTreeState } from './tree-state.ts'
export { type ConsistencyClaim, type InclusionClaim, verifyConsistency, verifyInclusion } from './verify.ts'
