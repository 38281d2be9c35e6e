/** A session as files, made with nothing but the vault's package: what `chronicle verify` gets on a machine that has never seen a server. */
import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { seededRandom } from '@chronicle/base'
import {
  chunkExtra,
  cosign,
  ed25519Signer,
  formatCheckpoint,
  formatProof,
  formatVkey,
  type Hash,
  leafDataOf,
  signNote,
  TileTree,
} from '@chronicle/vault'

export type Witness = { readonly name: string; readonly vkey: string; readonly privateKey: KeyObject }

export type SealedRecord = {
  readonly vkey: string
  readonly origin: string
  readonly checkpoint: string
  readonly payloads: readonly Buffer[]
  /** `.tlog-proof` of the chunk at an index. */
  proof(index: number): Promise<string>
  /** Hex. */
  leafHash(index: number): string
  /** Writes what `chronicle session export --payload` writes. */
  exportTo(directory: string): Promise<void>
}

export function makeWitness(name: string): Witness {
  const { privateKey } = generateKeyPairSync('ed25519')
  return { name, vkey: formatVkey(name, privateKey, 'cosignature'), privateKey }
}

/** A finalised session of `size` chunks, cosigned by `witnesses` at `timeSeconds`. */
export async function makeRecord(
  size: number,
  { witnesses = [], timeSeconds = 1_800_000_000 }: { witnesses?: readonly Witness[]; timeSeconds?: number } = {},
): Promise<SealedRecord> {
  const random = seededRandom(size)
  const { privateKey } = generateKeyPairSync('ed25519')
  const name = 'example.org/record'
  const origin = `${name}/sessions/s1`
  const payloads = Array.from({ length: size }, (_, index) => Buffer.from(`payload ${index}`))
  const extras = payloads.map((payload, index) => ({
    salt: random.bytes(32),
    payloadSha256: createHash('sha256').update(payload).digest(),
    metadata: { chunk_index: index, metadata: index === 0 ? { camera: 'north' } : null, session_id: 's1' },
  }))
  const files = new Map<string, Uint8Array>()
  const storage = {
    read: async (path: string) => files.get(path),
    write: async (path: string, bytes: Uint8Array) => void files.set(path, bytes),
    remove: async (path: string) => void files.delete(path),
  }
  const tree = await TileTree.open(storage, undefined)
  const leaves: Hash[] = extras.map(leafDataOf)
  tree.append(leaves)
  await tree.flush()
  const text = formatCheckpoint({ origin, size, root: tree.root() })
  const signed = signNote(text, [ed25519Signer(name, privateKey)])
  const cosignatures = witnesses.map(each => `${cosign(each.name, each.privateKey, text, timeSeconds)}\n`)
  const checkpoint = signed + cosignatures.join('')
  const record: SealedRecord = {
    vkey: formatVkey(name, privateKey),
    origin,
    checkpoint,
    payloads,
    async proof(index) {
      const proof = await tree.inclusionProof(index)
      return formatProof({ index, proof, checkpoint, extra: chunkExtra(extras[index]!) })
    },
    leafHash: index => createHash('sha256').update(Buffer.of(0)).update(leaves[index]!).digest('hex'),
    async exportTo(directory) {
      const write = (path: string, bytes: string | Uint8Array): void => {
        mkdirSync(dirname(join(directory, path)), { recursive: true })
        writeFileSync(join(directory, path), bytes)
      }
      write('checkpoint', checkpoint)
      for (const [path, bytes] of files) write(path, bytes)
      for (const [index, payload] of payloads.entries()) {
        write(`proofs/${index}.tlog-proof`, await record.proof(index))
        write(`chunks/${index}`, payload)
      }
    },
  }
  return record
}
