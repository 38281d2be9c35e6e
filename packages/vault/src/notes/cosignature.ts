import { type KeyObject, sign, verify } from 'node:crypto'
import { vaultErrors } from '../errors.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { formatSignature, parseSignature } from './signature-line.ts'
import { checkKeyName, keyHashOf, parseVkey, type Vkey } from './vkey.ts'

/**
 * What a witness signs, and the signature it makes of it (C2SP tlog-cosignature, cosignature/v1).
 *
 *   cosignature/v1
 *   time <seconds since the epoch>
 *   <text of the checkpoint: origin, size, root, extensions>
 *
 *   OFFSET SIZE  FIELD of the signature
 *        0    8  seconds since the epoch, big-endian, not 0
 *        8   64  Ed25519 signature over the lines above
 *
 * It says that of the trees of this origin which the witness has seen until then, all of them consistent, this was the largest.
 */
const timeBytes = 8
const ed25519Bytes = 64

/** The signature line, without its newline, of the witness `name` for the text of a checkpoint. */
export function cosign(name: string, privateKey: KeyObject, checkpointText: string, timeSeconds: number): string {
  checkKeyName(name)
  parseCheckpoint(checkpointText)
  if (!Number.isSafeInteger(timeSeconds) || timeSeconds < 1)
    throw vaultErrors.create('vault.invalid-argument', { argument: 'time', accepted: 'whole seconds since the epoch' })
  const signature = Buffer.alloc(timeBytes + ed25519Bytes)
  signature.writeBigUInt64BE(BigInt(timeSeconds))
  sign(null, cosignedMessage(checkpointText, timeSeconds), privateKey).copy(signature, timeBytes)
  return formatSignature({ name, keyHash: keyHashOf(name, 'cosignature', privateKey), signature })
}

/** The time of one signature line over the text of a checkpoint. Throws 'vault.invalid-note', 'vault.invalid-signature'. */
export function verifyCosignature(line: string, checkpointText: string, vkey: string): { timeSeconds: number } {
  const { name, keyHash, signature } = parseSignature(line, 1)
  const key = parseVkey(vkey)
  if (key.type !== 'cosignature')
    throw vaultErrors.create('vault.invalid-argument', { argument: 'verifier key', accepted: 'a cosigner key (0x04)' })
  if (name !== key.name || keyHash !== key.keyHash) throw badCosignature(key, 'it is by another key')
  return { timeSeconds: cosignedTime(key, checkpointText, signature) }
}

/** The time that a cosignature carries, once it is verified. Throws 'vault.invalid-note', 'vault.invalid-signature'. */
export function cosignedTime(key: Vkey, checkpointText: string, signature: Uint8Array): number {
  parseCheckpoint(checkpointText)
  if (signature.length !== timeBytes + ed25519Bytes) throw badCosignature(key, 'it is not 72 bytes long')
  const bytes = Buffer.from(signature)
  const time = bytes.readBigUInt64BE()
  if (time < 1n || time > Number.MAX_SAFE_INTEGER) throw badCosignature(key, 'it has no time that is possible')
  const timeSeconds = Number(time)
  if (verify(null, cosignedMessage(checkpointText, timeSeconds), key.publicKey, bytes.subarray(timeBytes)))
    return timeSeconds
  throw badCosignature(key, 'it does not verify')
}

function cosignedMessage(checkpointText: string, timeSeconds: number): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${timeSeconds}\n${checkpointText}`)
}

function badCosignature(key: Vkey, problem: string): Error {
  return vaultErrors.create('vault.invalid-signature', { key: key.name, keyHash: key.keyHash, problem })
}
