import { vaultErrors } from '../errors.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { parseNote } from './note.ts'
import { decodeBase64, encodeBase64, invalidNote, noteBytesMax, parseDecimal, parseHash, strictText } from './text.ts'

/**
 * A proof as a file, `.tlog-proof` (C2SP tlog-proof@v1).
 *
 *   c2sp.org/tlog-proof@v1
 *   extra <base64>                       may be missing; nothing vouches for it
 *   index <decimal>
 *   <base64 of 32 bytes>                 none to 63: the sibling of the leaf first, the child of the root last
 *   <an empty line>
 *   <the log's checkpoint, a signed note>
 */
export type ProofFile = {
  /** Of the leaf, from 0 on. */
  readonly index: number
  /** Inclusion proof of RFC 6962. */
  readonly proof: readonly Uint8Array[]
  /** A signed note. */
  readonly checkpoint: string
  readonly extra?: Uint8Array | undefined
}

/** Bytes of extra data at most, so that no line gets longer than the 64 KiB that other readers take. */
export const proofExtraBytesMax = 48_000
/** Hashes in an inclusion or consistency proof at most. */
export const proofHashesMax = 63

const firstLine = 'c2sp.org/tlog-proof@v1'
const extraPrefix = 'extra '
const indexPrefix = 'index '
const proofBytesMax = noteBytesMax + 100_000

export function formatProof({ index, proof, checkpoint, extra }: ProofFile): string {
  if (extra && (extra.length === 0 || extra.length > proofExtraBytesMax))
    throw vaultErrors.create('vault.invalid-argument', {
      argument: 'extra',
      accepted: `1 to ${proofExtraBytesMax} bytes`,
    })
  const extraLine = extra ? [extraPrefix + encodeBase64(extra)] : []
  const lines = [firstLine, ...extraLine, indexPrefix + index, ...proof.map(encodeBase64), '']
  const text = lines.map(line => `${line}\n`).join('') + checkpoint
  parseProof(text)
  return text
}

/** What stands in a proof, none of it verified. Throws 'vault.invalid-note'. */
export function parseProof(file: string | Uint8Array): ProofFile {
  const text = strictText(file, 'proof', proofBytesMax)
  const end = text.indexOf('\n\n')
  if (end < 0) throw invalidNote('proof', 'no empty line before the checkpoint')
  const lines = text.slice(0, end).split('\n')
  if (lines[0] !== firstLine) throw invalidNote('proof', `the first line is not ${firstLine}`, { line: 1 })
  const extra = lines[1]?.startsWith(extraPrefix) ? parseExtra(lines[1]) : undefined
  const indexAt = extra ? 2 : 1
  const indexLine = lines[indexAt] ?? ''
  if (!indexLine.startsWith(indexPrefix)) throw invalidNote('proof', 'the index is missing', { line: indexAt + 1 })
  const hashes = lines.slice(indexAt + 1)
  if (hashes.length > proofHashesMax) throw invalidNote('proof', `more than ${proofHashesMax} hashes`)
  const checkpoint = text.slice(end + 2)
  parseCheckpoint(parseNote(checkpoint).text)
  return {
    index: parseDecimal(indexLine.slice(indexPrefix.length), 'proof index', indexAt + 1),
    proof: hashes.map((hash, at) => parseHash(hash, 'proof', indexAt + 2 + at)),
    checkpoint,
    extra,
  }
}

function parseExtra(line: string): Uint8Array {
  const extra = decodeBase64(line.slice(extraPrefix.length))
  if (extra && extra.length > 0 && extra.length <= proofExtraBytesMax) return extra
  throw invalidNote('proof extra', `not 1 to ${proofExtraBytesMax} bytes in base64`, { line: 2 })
}
