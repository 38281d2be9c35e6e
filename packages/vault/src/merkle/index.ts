export type { Hash, TileStorage, TreeState } from './contract.ts'
// To come here (merkle):
//   emptyRoot: Hash; leafHash(data): Hash; nodeHash(left, right): Hash
//   class MerkleTree (in memory, incremental): constructor(state?: TreeState); size; append(leafHash): void; appendAll(hashes: Uint8Array /* n × 32 */): void; root(): Hash; state(): TreeState
//   encodeTreeState(state): Uint8Array; decodeTreeState(bytes): TreeState   (format drawn, golden)
//   type HashReader = { hash(level: number, index: number): Promise<Hash> }    root of the perfect subtree of 2^level leaves
//   inclusionProof(index, size, reader): Promise<Hash[]>; consistencyProof(from, to, reader): Promise<Hash[]>; treeRoot(size, reader): Promise<Hash>
//   verifyInclusion({ index, size, leafHash, proof, root }): boolean; verifyConsistency({ from, to, fromRoot, toRoot, proof }): boolean   total: never throw on hostile input
//   tiles.ts (pure): tilePath(level, index, width?), entriesPath(index, width?), parse…; which tiles a growth from size a to b completes
//   class TileTree: static open(storage, state | undefined); append(leafData: Uint8Array[] ) in memory; flush(): Promise<TreeState> (tiles durable, then the state is the caller's to store);
//       size, flushedSize, root(), inclusionProof(index, size?), consistencyProof(from, to?), leafData(index), state().  Full tiles once, partial tiles at each flush, older partials removed
//   saltedLeaf(salt /* 32 bytes */, payloadHash /* SHA-256 */, metadata: JSON value): Hash = SHA-256(salt ‖ payloadHash ‖ canonicalJson(metadata));  canonicalJson (RFC 8785)
