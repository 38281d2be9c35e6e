import { decodeBase64, encodeBase64, invalidNote } from './text.ts'
import { isKeyName } from './vkey.ts'

/**
 * A signature line of a note (C2SP signed-note).
 *
 *   — <key name> <base64>
 *
 *   OFFSET SIZE  FIELD, of what is in base64
 *        0    4  key hash: which of the name's keys (see vkey.ts)
 *        4    n  signature: 64 bytes of Ed25519 over the text, or whatever another kind of key makes
 */
export type NoteSignature = {
  readonly name: string
  /** 8 hex digits. */
  readonly keyHash: string
  readonly signature: Uint8Array
}

const prefix = '— '
const keyHashBytes = 4

/** A line without its newline; `lineNumber` is for the message. Throws 'vault.invalid-note'. */
export function parseSignature(line: string, lineNumber: number): NoteSignature {
  const refuse = (problem: string) => invalidNote('signature line', problem, { line: lineNumber })
  if (!line.startsWith(prefix)) throw refuse('does not begin with an em dash and a space')
  const [name, base64, ...rest] = line.slice(prefix.length).split(' ')
  if (!isKeyName(name!)) throw refuse('the name of its key is empty or has a space or a plus in it')
  if (base64 === undefined || rest.length > 0) throw refuse('not a name, a space and a signature')
  const bytes = decodeBase64(base64)
  if (!bytes || bytes.length <= keyHashBytes) throw refuse('not a key hash and a signature in base64')
  return {
    name: name!,
    keyHash: Buffer.from(bytes.subarray(0, keyHashBytes)).toString('hex'),
    signature: bytes.subarray(keyHashBytes),
  }
}

/** A signature line without its newline. */
export function formatSignature({ name, keyHash, signature }: NoteSignature): string {
  return `${prefix}${name} ${encodeBase64(Buffer.concat([Buffer.from(keyHash, 'hex'), signature]))}`
}
