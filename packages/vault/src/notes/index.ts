export type { Anchor } from './anchor.ts'
export { type Checkpoint, formatCheckpoint, parseCheckpoint, vouchesFor } from './checkpoint.ts'
export { type ChunkExtra, chunkExtra, leafDataOf, parseChunkExtra } from './chunk-extra.ts'
export { cosign, verifyCosignature } from './cosignature.ts'
export {
  addSignatures,
  ed25519Signer,
  type NoteSigner,
  noteSignaturesMax,
  parseNote,
  type SignedNote,
  signNote,
  type VerifiedSignature,
  verifyNote,
} from './note.ts'
export { formatProof, type ProofFile, parseProof, proofExtraBytesMax } from './proof-file.ts'
export type { NoteSignature } from './signature-line.ts'
export { noteBytesMax } from './text.ts'
export {
  type TrustedKeys,
  type VerifiedCheckpoint,
  type VerifiedProof,
  verifyCheckpoint,
  verifyProof,
  type WitnessStatement,
} from './verify-proof.ts'
export { formatVkey, parseVkey, type Vkey, type VkeyType } from './vkey.ts'
export { Witness, type WitnessAnswer, type WitnessedTree, type WitnessVerdict } from './witness.ts'
export { type WitnessAnchorOptions, witnessAnchor } from './witness-anchor.ts'
export { type WitnessRequest, witnessRequestBytesMax } from './witness-request.ts'
