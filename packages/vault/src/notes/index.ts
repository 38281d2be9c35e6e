export { type Checkpoint, formatCheckpoint, parseCheckpoint, vouchesFor } from './checkpoint.ts'
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
export { formatVkey, parseVkey, type Vkey, type VkeyType } from './vkey.ts'
// To come here (notes):
//   verifyProof(text, { leafData, logKeys: vkey[], witnessKeys?: vkey[], witnessesMin? }): { origin, index, size, root, signedBy, witnesses: [{ name, timeSeconds }] }
//   type Anchor = { readonly name: string; anchor(checkpoint: string /* signed note */, consistency: (from: number) => Promise<Hash[]>): Promise<string[]> /* signature lines to add */ }
//   witnessAnchor({ url, vkey, fetch, … }): Anchor      C2SP tlog-witness add-checkpoint, the client's half, with the 409 retry
//   witnessRequest parse + a Witness core (pure state machine: origin → latest size/root) that the tests' two witnesses and `chronicle witness` (if wanted) use
