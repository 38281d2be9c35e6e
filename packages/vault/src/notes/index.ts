export {}
// To come here (notes):
//   type NoteSigner = { name: string, vkey: string, sign(text: string): Promise<string> /* one signature line */ }
//   ed25519Signer(name: string, privateKey: KeyObject): NoteSigner;   formatVkey / parseVkey (types 0x01 and 0x04)
//   signNote(text, signers): string; parseNote(bytes): { text, signatures: [{ name, keyHash, signature }] }; verifyNote(note, vkeys): verified signatures  ('vault.invalid-note', 'vault.invalid-signature')
//   formatCheckpoint({ origin, size, root, extensions? }): string; parseCheckpoint(text)
//   cosignature/v1: cosign(name, privateKey, checkpointText, timeSeconds): line; verifyCosignature(line, text, vkey): { timeSeconds }
//   formatProof({ index, proof, checkpoint, extra? }): string; parseProof(text); verifyProof(text, { leafData, logKeys: vkey[], witnessKeys?: vkey[], witnessesMin? }): { origin, index, size, root, signedBy, witnesses: [{ name, timeSeconds }] }
//   type Anchor = { readonly name: string; anchor(checkpoint: string /* signed note */, consistency: (from: number) => Promise<Hash[]>): Promise<string[]> /* signature lines to add */ }
//   witnessAnchor({ url, vkey, fetch, … }): Anchor      C2SP tlog-witness add-checkpoint, the client's half, with the 409 retry
//   witnessRequest parse + a Witness core (pure state machine: origin → latest size/root) that the tests' two witnesses and `chronicle witness` (if wanted) use
