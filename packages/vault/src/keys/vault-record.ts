/**
 * `vault.json`: what a vault is, where its master key comes from, and its root keys, wrapped by the master.
 *
 * ```text
 * format "chronicle-vault", and:
 *   "id":        UUID
 *   "createdMs": milliseconds since 1970
 *   "source":    { "kind": "passphrase" | "keychain" | "file", "parameters": { … } }
 *   "signing":   { "publicKey": base64 of the 32 bytes of RFC 8032, "rootGeneration": …, "wrapped": base64 of 112 bytes }
 *   "roots":     [{ "generation": from 1 on, "wrapped": base64 of 112 bytes }, …]     oldest first; one, but while keys are being wrapped anew
 * ```
 *
 * The wrapped roots authenticate id, time, source and public key: who changes one of them makes a vault that does not open (VK3).
 */
import type { KeyObject } from 'node:crypto'
import type { Random } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { MasterSourceKind, VaultStatus } from './contract.ts'
import { isBase64, isObject, isText, isUuid, isWhole, type RecordFields } from './record.ts'
import { unwrapKey, wrapKey, wrappedBytes } from './wrap.ts'

export const vaultRecordName = 'vault.json'

export type SourceParameters = Readonly<Record<string, string | number>>
export type WrappedRoot = { readonly generation: number; readonly wrapped: string }

export type VaultRecord = {
  readonly id: string
  readonly createdMs: number
  readonly source: { readonly kind: MasterSourceKind; readonly parameters: SourceParameters }
  readonly signing: { readonly publicKey: string; readonly rootGeneration: number; readonly wrapped: string }
  readonly roots: readonly WrappedRoot[]
}

const publicKeyBytes = 32
/** Each interrupted change of the master leaves one root more, until a change is completed. */
const rootsMax = 100

/** Throws 'vault.damaged' when the fields are not those of a vault. */
export function vaultRecordOf(fields: RecordFields): VaultRecord {
  const { id, createdMs, source, signing, roots } = fields
  if (!isUuid(id) || !isWhole(createdMs) || !isSource(source) || !isSigning(signing) || !isRoots(roots))
    throw vaultErrors.create('vault.damaged', { record: vaultRecordName, part: 'fields' })
  return { id, createdMs, source, signing, roots }
}

export function newestGeneration(record: VaultRecord): number {
  return record.roots.at(-1)!.generation
}

type Identity = Pick<VaultRecord, 'id' | 'createdMs' | 'source'> & { readonly signing: { readonly publicKey: string } }

export function wrapRoot(
  vault: Identity,
  generation: number,
  root: KeyObject,
  master: KeyObject,
  random: Random,
): WrappedRoot {
  return { generation, wrapped: wrapKey(master, root, rootContext(vault, generation), random).toString('base64') }
}

/** Throws 'vault.wrong-master', or 'vault.damaged' when the right master does not open it either. */
export function unwrapRoot(vault: Identity, { generation, wrapped }: WrappedRoot, master: KeyObject): KeyObject {
  const root = unwrapKey(master, Buffer.from(wrapped, 'base64'), rootContext(vault, generation))
  if (root === 'wrong key')
    throw vaultErrors.create('vault.wrong-master', { vault: vault.id, source: vault.source.kind })
  if (root === 'changed')
    throw vaultErrors.create('vault.damaged', { record: vaultRecordName, part: `root ${generation}` })
  return root
}

/** What a wrapped signing key authenticates. */
export function signingContext(
  vault: Pick<VaultRecord, 'id' | 'createdMs'>,
  publicKey: string,
  rootGeneration: number,
): string {
  return JSON.stringify(['chronicle-vault', 1, 'signing', vault.id, vault.createdMs, publicKey, rootGeneration])
}

function rootContext({ id, createdMs, source, signing }: Identity, generation: number): string {
  const parameters = Object.entries(source.parameters)
  return JSON.stringify([
    'chronicle-vault',
    1,
    'root',
    id,
    createdMs,
    source.kind,
    parameters,
    signing.publicKey,
    generation,
  ])
}

export function statusOf(record: VaultRecord, location: string): VaultStatus {
  return {
    id: record.id,
    location,
    createdMs: record.createdMs,
    source: record.source.kind,
    sourceDetail: sourceDetail(record.source.kind, record.source.parameters),
    rootGeneration: newestGeneration(record),
    signingPublicKey: record.signing.publicKey,
  }
}

function sourceDetail(kind: MasterSourceKind, parameters: SourceParameters): string {
  if (kind === 'file') return `${parameters.path}`
  if (kind === 'keychain') return `service ${parameters.service}, account ${parameters.account}`
  if (parameters.kdf === 'pbkdf2-sha256') return `PBKDF2-HMAC-SHA256, ${parameters.iterations} iterations`
  return `Argon2id, ${Number(parameters.memoryKiB) / 1024} MiB, ${parameters.passes} passes`
}

function isSource(value: unknown): value is VaultRecord['source'] {
  if (!isObject(value) || !isObject(value.parameters)) return false
  if (value.kind !== 'passphrase' && value.kind !== 'keychain' && value.kind !== 'file') return false
  return Object.values(value.parameters).every(parameter => isText(parameter) || Number.isFinite(parameter))
}

function isSigning(value: unknown): value is VaultRecord['signing'] {
  if (!isObject(value) || !isWhole(value.rootGeneration)) return false
  return isBase64(value.publicKey, publicKeyBytes) && isBase64(value.wrapped, wrappedBytes)
}

function isRoots(value: unknown): value is WrappedRoot[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > rootsMax) return false
  const ordered = value.every((root, at) => at === 0 || root?.generation > value[at - 1]?.generation)
  return (
    ordered && value.every(root => isObject(root) && isWhole(root.generation) && isBase64(root.wrapped, wrappedBytes))
  )
}
