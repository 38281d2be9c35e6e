import { vaultErrors } from '../errors.ts'
import { encodeBase64, hashBytes, invalidNote, parseDecimal, parseHash, strictText } from './text.ts'

/**
 * The head of a tree as text (C2SP tlog-checkpoint). Signed, it is a note.
 *
 *   <origin: which log this is, not empty>
 *   <size of the tree, decimal>
 *   <root, base64 of 32 bytes>
 *   <extension lines, none of them empty>
 */
export type Checkpoint = {
  readonly origin: string
  /** Leaves. */
  readonly size: number
  readonly root: Uint8Array
  readonly extensions: readonly string[]
}

/** Bytes of a checkpoint's text at most: three lines, and extensions that nobody should need. */
export const checkpointBytesMax = 65_536

/** The text of a checkpoint, with its last newline. */
export function formatCheckpoint(head: Omit<Checkpoint, 'extensions'> & { extensions?: readonly string[] }): string {
  const { origin, size, root, extensions = [] } = head
  const text = [origin, size, encodeBase64(root), ...extensions].map(line => `${line}\n`).join('')
  const lines = text.split('\n').length - 1
  if (root.length !== hashBytes || lines !== 3 + extensions.length)
    throw vaultErrors.create('vault.invalid-argument', {
      argument: 'checkpoint',
      accepted: 'a 32-byte root, and single lines',
    })
  parseCheckpoint(text)
  return text
}

/** What the text of a note says, where it is a checkpoint. Throws 'vault.invalid-note'. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = strictText(text, 'checkpoint', checkpointBytesMax).split('\n')
  if (lines.length < 4 || lines.pop() !== '') throw invalidNote('checkpoint', 'fewer than three whole lines')
  const [origin, size, root, ...extensions] = lines as [string, string, string, ...string[]]
  const empty = lines.indexOf('')
  if (empty >= 0) throw invalidNote('checkpoint', 'an empty line', { line: empty + 1 })
  return {
    origin,
    size: parseDecimal(size, 'checkpoint size', 2),
    root: parseHash(root, 'checkpoint root', 3),
    extensions,
  }
}

/**
 * Whether a key vouches for an origin: its own name, and what is below it. So one key signs for all trees of an installation, and for nobody
 * else's, even where a verifier trusts both (VN3).
 */
export function vouchesFor(keyName: string, origin: string): boolean {
  return origin === keyName || origin.startsWith(`${keyName}/`)
}
