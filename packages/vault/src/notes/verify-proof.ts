import { vaultErrors } from '../errors.ts'
import { leafHash, verifyInclusion } from '../merkle/index.ts'
import { type Checkpoint, parseCheckpoint, vouchesFor } from './checkpoint.ts'
import { parseNote, type SignedNote, type VerifiedSignature, verifyNote, verifySignatures } from './note.ts'
import { parseProof } from './proof-file.ts'
import { parseVkey, rawPublicKey, type VkeyType } from './vkey.ts'

/** Whom the verifier of a checkpoint trusts. */
export type TrustedKeys = {
  /** Keys of logs (0x01). Each vouches for the origin of its own name and those below it, unless `origin` is given. */
  readonly logKeys: readonly string[]
  /** Keys of witnesses (0x04), each of another witness. */
  readonly witnessKeys?: readonly string[] | undefined
  /** How many of these witnesses must have cosigned; all of them when left out. */
  readonly witnessesMin?: number | undefined
  /** Accept this origin only, and signed by any of the log keys, whatever their names. */
  readonly origin?: string | undefined
}

export type WitnessStatement = { readonly name: string; readonly timeSeconds: number }

/** A checkpoint that may be believed, and who vouches for it. */
export type VerifiedCheckpoint = Checkpoint & {
  /** Names of the log keys that signed. */
  readonly signedBy: readonly string[]
  /** All trusted witnesses that cosigned, also beyond the number that was asked for. */
  readonly witnesses: readonly WitnessStatement[]
}

/** Leaf data that is in the tree of a checkpoint. */
export type VerifiedProof = VerifiedCheckpoint & { readonly index: number }

/**
 * What a checkpoint says, once its log and enough of the witnesses have signed it (VN3, VN4).
 * Throws 'vault.invalid-note', 'vault.invalid-signature', 'vault.invalid-proof'; 'vault.invalid-argument' where the keys do not make sense.
 */
export function verifyCheckpoint(note: string | Uint8Array, trusted: TrustedKeys): VerifiedCheckpoint {
  const { logKeys, witnessKeys = [], witnessesMin = witnessKeys.length, origin } = trusted
  checkKeys('logKeys', logKeys, 'ed25519')
  checkWitnesses(witnessKeys, witnessesMin)
  const signed = parseNote(note)
  const checkpoint = parseCheckpoint(signed.text)
  if (origin !== undefined && checkpoint.origin !== origin)
    throw vaultErrors.create('vault.invalid-proof', { problem: 'it is of another log', expectedOrigin: origin })
  const signedBy = verifyLog(signed, logKeys, origin === undefined ? checkpoint.origin : undefined)
  const witnesses = verifySignatures(signed, witnessKeys).map(({ name, timeSeconds }) => ({
    name,
    timeSeconds: timeSeconds!,
  }))
  if (witnesses.length < witnessesMin)
    throw vaultErrors.create('vault.invalid-proof', {
      problem: 'too few of the trusted witnesses cosigned',
      cosigned: witnesses.length,
      needed: witnessesMin,
    })
  return { ...checkpoint, signedBy: signedBy.map(({ name }) => name), witnesses }
}

/**
 * Verifies that `leafData` is the leaf of a `.tlog-proof`: the checkpoint first, then the way from the leaf to its root (VN4). Nothing
 * of the `extra` line is looked at. Throws as `verifyCheckpoint` does.
 */
export function verifyProof(
  file: string | Uint8Array,
  trusted: TrustedKeys & { readonly leafData: Uint8Array },
): VerifiedProof {
  const { index, proof, checkpoint } = parseProof(file)
  const verified = verifyCheckpoint(checkpoint, trusted)
  const { size, root } = verified
  const included = verifyInclusion({ index, size, leafHash: leafHash(trusted.leafData), proof, root })
  if (included) return { ...verified, index }
  throw vaultErrors.create('vault.invalid-proof', {
    problem:
      index < size ? 'the leaf, its index and the hashes do not lead to the root' : 'the index is outside of the tree',
    index,
    size,
  })
}

/** VN3: only keys that vouch for `origin` count; all of them where the caller has tied them to the origin already. */
function verifyLog(signed: SignedNote, logKeys: readonly string[], origin: string | undefined): VerifiedSignature[] {
  const vouching = logKeys.filter(vkey => origin === undefined || vouchesFor(parseVkey(vkey).name, origin))
  if (vouching.length > 0) return verifyNote(signed, vouching)
  throw vaultErrors.create('vault.invalid-signature', {
    problem: 'none of the trusted keys vouches for the origin of this checkpoint',
    trusted: logKeys.map(vkey => parseVkey(vkey).name).join(' '),
  })
}

function checkKeys(argument: string, vkeys: readonly string[], type: VkeyType): void {
  if (vkeys.every(vkey => parseVkey(vkey).type === type)) return
  throw vaultErrors.create('vault.invalid-argument', { argument, accepted: `verifier keys of type ${type}` })
}

/** Witnesses are counted by public key: a cosignature does not say the name, so one key under two names would count twice. */
function checkWitnesses(witnessKeys: readonly string[], witnessesMin: number): void {
  checkKeys('witnessKeys', witnessKeys, 'cosignature')
  const distinct = new Set(witnessKeys.map(vkey => rawPublicKey(parseVkey(vkey).publicKey).toString('hex')))
  if (distinct.size !== witnessKeys.length)
    throw vaultErrors.create('vault.invalid-argument', { argument: 'witnessKeys', accepted: 'each public key once' })
  if (!Number.isSafeInteger(witnessesMin) || witnessesMin < 0 || witnessesMin > witnessKeys.length)
    throw vaultErrors.create('vault.invalid-argument', {
      argument: 'witnessesMin',
      accepted: `0 to ${witnessKeys.length}, the number of witness keys`,
    })
}
