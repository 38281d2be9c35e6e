import { vaultErrors } from '../errors.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { parseNote, type SignedNote } from './note.ts'
import { proofHashesMax } from './proof-file.ts'
import { encodeBase64, invalidNote, noteBytesMax, parseDecimal, parseHash, strictText } from './text.ts'

/**
 * What a log posts to a witness (C2SP tlog-witness, add-checkpoint).
 *
 *   old <decimal: size of the tree that the witness has cosigned last>
 *   <base64 of 32 bytes>                 none to 63: consistency proof of RFC 6962
 *   <an empty line>
 *   <the log's checkpoint, a signed note>
 */
export type WitnessRequest = {
  readonly oldSize: number
  readonly proof: readonly Uint8Array[]
  readonly note: SignedNote
  readonly checkpoint: Checkpoint
}

export const witnessRequestBytesMax = noteBytesMax + 4096

const oldPrefix = 'old '

export function formatWitnessRequest(oldSize: number, proof: readonly Uint8Array[], checkpoint: string): string {
  if (proof.length > proofHashesMax)
    throw vaultErrors.create('vault.invalid-argument', {
      argument: 'proof',
      accepted: `at most ${proofHashesMax} hashes`,
    })
  const lines = [oldPrefix + oldSize, ...proof.map(encodeBase64), '']
  return lines.map(line => `${line}\n`).join('') + checkpoint
}

/** Nothing of it is verified. Throws 'vault.invalid-note'. */
export function parseWitnessRequest(body: string | Uint8Array): WitnessRequest {
  const text = strictText(body, 'witness request', witnessRequestBytesMax)
  const end = text.indexOf('\n\n')
  if (end < 0) throw invalidNote('witness request', 'no empty line before the checkpoint')
  const [oldLine, ...hashes] = text.slice(0, end).split('\n') as [string, ...string[]]
  if (!oldLine.startsWith(oldPrefix)) throw invalidNote('witness request', 'the old size is missing', { line: 1 })
  if (hashes.length > proofHashesMax) throw invalidNote('witness request', `more than ${proofHashesMax} hashes`)
  const note = parseNote(text.slice(end + 2))
  return {
    oldSize: parseDecimal(oldLine.slice(oldPrefix.length), 'old size', 1),
    proof: hashes.map((hash, at) => parseHash(hash, 'consistency proof', at + 2)),
    note,
    checkpoint: parseCheckpoint(note.text),
  }
}
