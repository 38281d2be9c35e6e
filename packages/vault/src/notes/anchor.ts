import type { Hash } from '../merkle/index.ts'

/** Somebody outside who vouches for checkpoints: a witness, or a ledger. */
export type Anchor = {
  readonly name: string
  /**
   * Signature lines to add to the checkpoint (see `addSignatures`). `checkpoint` is a signed note; `consistency` makes the proof from an earlier size,
   * at least 1 and below that of the checkpoint, to it. Rejects with 'vault.witness-refused'; the checkpoint is valid without it.
   */
  anchor(checkpoint: string, consistency: (from: number) => Promise<readonly Hash[]>): Promise<string[]>
}
