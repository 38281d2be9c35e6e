import { type KeyObject, sign, verify } from 'node:crypto'
import { vaultErrors } from '../errors.ts'
import { cosignedTime } from './cosignature.ts'
import { formatSignature, type NoteSignature, parseSignature } from './signature-line.ts'
import { invalidNote, noteBytesMax, strictText } from './text.ts'
import { checkKeyName, formatVkey, keyHashOf, parseVkey, type Vkey } from './vkey.ts'

/**
 * Signed notes (C2SP signed-note).
 *
 *   <text: lines, the last one ended as well>
 *   <an empty line>
 *   — <key name> <base64>                one or more, see signature-line.ts
 *
 * UTF-8 without ASCII control characters but newline. The last empty line is the one that separates.
 */
export type SignedNote = {
  /** What is signed, with its last newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Somebody who signs notes: one line for a text. */
export type NoteSigner = {
  readonly name: string
  readonly vkey: string
  /** A signature line, without its newline. */
  sign(text: string): string
}

/** A signature that was verified, and the key that did. */
export type VerifiedSignature = {
  readonly name: string
  readonly vkey: string
  /** When a cosigner signed, in seconds since the epoch; undefined for a signature without a time. */
  readonly timeSeconds?: number | undefined
}

/** Signature lines in a note at most; C2SP asks for 16 at least. */
export const noteSignaturesMax = 100

const separator = '\n\n'

export function ed25519Signer(name: string, privateKey: KeyObject): NoteSigner {
  checkKeyName(name)
  const keyHash = keyHashOf(name, 'ed25519', privateKey)
  return {
    name,
    vkey: formatVkey(name, privateKey),
    sign: text => formatSignature({ name, keyHash, signature: sign(null, Buffer.from(text), privateKey) }),
  }
}

/** A note with a line of each signer. `text` ends in a newline. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (signers.length === 0 || signers.length > noteSignaturesMax)
    throw vaultErrors.create('vault.invalid-argument', { argument: 'signers', accepted: `1 to ${noteSignaturesMax}` })
  if (!text.endsWith('\n')) throw invalidNote('text', 'its last line has no end')
  const note = `${text}\n${signers.map(signer => `${signer.sign(text)}\n`).join('')}`
  parseNote(note)
  return note
}

/** The note with these signature lines added, where it has not got them. They are not verified. */
export function addSignatures(note: string, lines: readonly string[]): string {
  const { text, signatures } = parseNote(note)
  const all = new Set([...signatures.map(formatSignature), ...lines])
  const grown = `${text}\n${[...all].map(line => `${line}\n`).join('')}`
  parseNote(grown)
  return grown
}

/** Text and signatures of a note, none of them verified: nothing of it is true yet. Throws 'vault.invalid-note'. */
export function parseNote(note: string | Uint8Array): SignedNote {
  const all = strictText(note, 'note', noteBytesMax)
  const end = all.lastIndexOf(separator)
  if (end < 0) throw invalidNote('note', 'no empty line before the signatures')
  const text = all.slice(0, end + 1)
  const block = all.slice(end + separator.length)
  return { text, signatures: parseSignatures(block, text.split('\n').length + 1) }
}

/** Lines of signatures, each ended by a newline; the first of them is line `firstLine` of what it stands in. */
export function parseSignatures(block: string, firstLine: number): NoteSignature[] {
  if (!block.endsWith('\n')) throw invalidNote('note', 'the last signature line is missing or has no end')
  const lines = block.split('\n', noteSignaturesMax + 2)
  if (lines.length > noteSignaturesMax + 1) throw invalidNote('note', `more than ${noteSignaturesMax} signatures`)
  return lines.slice(0, -1).map((line, index) => parseSignature(line, firstLine + index))
}

/**
 * The signatures of those among `vkeys` that signed, one for each key. Signatures of other keys are passed over.
 * Throws 'vault.invalid-signature' where none of them signed, or one of their signatures is wrong (VN1).
 */
export function verifyNote(note: string | Uint8Array | SignedNote, vkeys: readonly string[]): VerifiedSignature[] {
  const parsed = typeof note === 'string' || note instanceof Uint8Array ? parseNote(note) : note
  const verified = verifySignatures(parsed, vkeys)
  if (verified.length > 0) return verified
  throw vaultErrors.create('vault.invalid-signature', {
    problem: 'none of the trusted keys signed',
    signatures: parsed.signatures.length,
    trusted: vkeys.map(vkey => parseVkey(vkey).name).join(' '),
  })
}

/** As `verifyNote`, but it may be that none of the keys signed. */
export function verifySignatures({ text, signatures }: SignedNote, vkeys: readonly string[]): VerifiedSignature[] {
  const verified = new Map<string, VerifiedSignature>()
  for (const vkey of vkeys) {
    const key = parseVkey(vkey)
    for (const { name, keyHash, signature } of signatures) {
      if (name !== key.name || keyHash !== key.keyHash) continue
      const timeSeconds = verifyWith(key, text, signature)
      if (!verified.has(vkey)) verified.set(vkey, { name, vkey, timeSeconds })
    }
  }
  return [...verified.values()]
}

/** The time of a cosignature, undefined for a plain signature. Throws 'vault.invalid-signature'. */
function verifyWith(key: Vkey, text: string, signature: Uint8Array): number | undefined {
  if (key.type === 'cosignature') return cosignedTime(key, text, signature)
  if (verify(null, Buffer.from(text), key.publicKey, signature)) return undefined
  throw vaultErrors.create('vault.invalid-signature', {
    key: key.name,
    keyHash: key.keyHash,
    problem: 'it does not verify',
  })
}
