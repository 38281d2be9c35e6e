export { canonicalJson, canonicalJsonBytesMax, canonicalJsonDepthMax } from './canonical-json.ts'
export type { Hash, HashReader, TileStorage, TreeState } from './contract.ts'
export { emptyRoot, leafHash, nodeHash } from './hash.ts'
export { consistencyProof, inclusionProof, treeRoot } from './proofs.ts'
export { saltBytes, saltedLeaf } from './salted-leaf.ts'
export { MerkleTree } from './tree.ts'
export { decodeTreeState, encodeTreeState } from './tree-state.ts'
export { type ConsistencyClaim, type InclusionClaim, verifyConsistency, verifyInclusion } from './verify.ts'
// To come here (merkle):
//   tiles.ts (pure): tilePath(level, index, width?), entriesPath(index, width?), parse…; which tiles a growth from size a to b completes
//   class TileTree: static open(storage, state | undefined); append(leafData: Uint8Array[] ) in memory; flush(): Promise<TreeState> (tiles durable, then the state is the caller's to store);
//       size, flushedSize, root(), inclusionProof(index, size?), consistencyProof(from, to?), leafData(index), state().  Full tiles once, partial tiles at each flush, older partials removed
