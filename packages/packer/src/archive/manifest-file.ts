/**
 * `metadata/files.json`: a JSON document that is also read by lines.
 *
 * ```text
 * {"version":1,"generation":N,"sources":{…},"ids":{…},"files":[
 * {one file},
 * {one file}
 * ],"authentication":{"algorithm":"hmac-sha256","keyId":"…","value":"…"}}
 * ```
 * `value` is the base64 of HMAC-SHA256 with the manifest's key over `chronicle archive manifest v1`, a zero byte, and all that stands before
 * `],"authentication":`. With keys nothing else is believed (PA7). Without keys it is the SHA-256 of the same bytes, which tells damage and not malice.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { SealKey } from '@chronicle/vault'
import { packerErrors } from '../errors.ts'
import type { ArchivedFile } from './contract.ts'
import { whyNotEntries } from './manifest-entries.ts'

const version = 1
const context = 'chronicle archive manifest v1\0'
const tail = '\n],"authentication":'

export type Manifest = {
  /** One more with every writing. */
  readonly generation: number
  /** How far each source was packed: what lies below is in verified files. */
  readonly sources: Readonly<Record<string, number>>
  /** Of each day the file with the fingerprints of its events' ids. */
  readonly ids: Readonly<Record<string, string>>
  readonly files: readonly ArchivedFile[]
}

export const emptyManifest: Manifest = { generation: 0, sources: {}, ids: {}, files: [] }

export function encodeManifest({ files, ...rest }: Manifest, key: SealKey | undefined): Buffer {
  const head = JSON.stringify({ version, ...rest })
  const body = `${head.slice(0, -1)},"files":[\n${files.map(file => JSON.stringify(file)).join(',\n')}`
  const value = authentication(body, key).toString('base64')
  const algorithm = key ? 'hmac-sha256' : 'sha256'
  return Buffer.from(`${body}${tail}${JSON.stringify({ algorithm, keyId: key?.id, value })}}\n`)
}

/** Throws `packer.manifest-damaged` for whatever was not written by somebody with the key; `keyOf` is undefined where there are no keys. */
export async function decodeManifest(
  bytes: Buffer,
  path: string,
  keyOf: ((id: string) => Promise<SealKey>) | undefined,
): Promise<Manifest> {
  const text = bytes.toString()
  const at = text.lastIndexOf(tail)
  const parsed = parse(text, path)
  const { algorithm, keyId, value } = parsed.authentication ?? {}
  if (at < 0 || typeof value !== 'string') throw damaged(path, 'it has no authentication')
  if (keyOf && algorithm !== 'hmac-sha256') throw damaged(path, 'it is not authenticated with a key')
  if (!keyOf && algorithm !== 'sha256') throw damaged(path, 'it takes a key to check it, and none was given')
  const expected = authentication(text.slice(0, at), keyOf && (await keyOf(`${keyId}`)))
  const found = Buffer.from(value, 'base64')
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) {
    throw damaged(path, 'it is not what was authenticated')
  }
  if (parsed.version !== version) throw packerErrors.create('packer.manifest-newer', { path, version: parsed.version })
  const { generation, sources, ids, files } = parsed
  const reason = whyNotEntries(files, ids)
  if (reason) throw damaged(path, reason)
  return { generation, sources, ids, files }
}

type Parsed = Manifest & { version: number; authentication?: { algorithm?: string; keyId?: string; value?: string } }

function parse(text: string, path: string): Parsed {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw packerErrors.create('packer.manifest-damaged', { path, reason: 'it is not JSON' }, cause)
  }
  if (typeof parsed !== 'object' || parsed === null) throw damaged(path, 'it is no object')
  return parsed as Parsed
}

function authentication(body: string, key: SealKey | undefined): Buffer {
  const hash = key ? createHmac('sha256', key.secret) : createHash('sha256')
  return hash.update(context).update(body).digest()
}

function damaged(path: string, reason: string) {
  return packerErrors.create('packer.manifest-damaged', { path, reason })
}
