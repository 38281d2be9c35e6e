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
const begin = ',"files":[\n'
const tail = '\n],"authentication":'
/** That are text at once. */
const filesOfPiece = 1000

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
  const pieces = [Buffer.from(`${JSON.stringify({ version, ...rest }).slice(0, -1)}${begin}`)]
  for (let at = 0; at < files.length; at += filesOfPiece) {
    const lines = files.slice(at, at + filesOfPiece).map(file => JSON.stringify(file))
    pieces.push(Buffer.from(`${at === 0 ? '' : ',\n'}${lines.join(',\n')}`))
  }
  const value = authentication(pieces, key).toString('base64')
  const algorithm = key ? 'hmac-sha256' : 'sha256'
  const end = `${tail}${JSON.stringify({ algorithm, keyId: key?.id, value })}}\n`
  return Buffer.concat([...pieces, Buffer.from(end)])
}

/** Throws `packer.manifest-damaged` for whatever was not written by somebody with the key; `keyOf` is undefined where there are no keys. */
export async function decodeManifest(
  bytes: Buffer,
  path: string,
  keyOf: ((id: string) => Promise<SealKey>) | undefined,
): Promise<Manifest> {
  const headEnd = bytes.indexOf(begin)
  const at = bytes.lastIndexOf(tail)
  if (headEnd < 0 || at < headEnd) throw damaged(path, 'it has no list of files, or no authentication')
  const { authentication: claimed } = parse<{ authentication?: Claimed }>(
    `{"authentication":${bytes.toString('utf8', at + tail.length)}`,
    path,
  )
  const { algorithm, keyId, value } = claimed ?? {}
  if (typeof value !== 'string') throw damaged(path, 'it has no authentication')
  if (keyOf && algorithm !== 'hmac-sha256') throw damaged(path, 'it is not authenticated with a key')
  if (!keyOf && algorithm !== 'sha256') throw damaged(path, 'it takes a key to check it, and none was given')
  const expected = authentication([bytes.subarray(0, at)], keyOf && (await keyOf(`${keyId}`)))
  const found = Buffer.from(value, 'base64')
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) {
    throw damaged(path, 'it is not what was authenticated')
  }
  const head = parse<Head>(`${bytes.toString('utf8', 0, headEnd)}}`, path)
  if (head.version !== version) throw packerErrors.create('packer.manifest-newer', { path, version: head.version })
  const lines = linesOf(bytes.subarray(headEnd + begin.length, at))
  const files = Array.from(lines, line => parse<ArchivedFile>(line, path))
  const { generation, sources, ids } = head
  const reason = whyNotEntries(files, ids)
  if (reason) throw damaged(path, reason)
  return { generation, sources, ids, files }
}

type Claimed = { algorithm?: string; keyId?: string; value?: string }
type Head = Omit<Manifest, 'files'> & { version: number }

/** Without the comma at the end of each. One by one: a string holds half a gigabyte, and a million files take as much. */
function* linesOf(bytes: Buffer): Iterable<string> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from)
    yield end < 0 ? bytes.toString('utf8', from) : bytes.toString('utf8', from, end - 1)
    from = end < 0 ? bytes.length : end + 1
  }
}

function parse<T>(text: string, path: string): T {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw packerErrors.create('packer.manifest-damaged', { path, reason: 'it is not JSON' }, cause)
  }
}

function authentication(pieces: readonly Buffer[], key: SealKey | undefined): Buffer {
  const hash = key ? createHmac('sha256', key.secret) : createHash('sha256')
  hash.update(context)
  for (const piece of pieces) hash.update(piece)
  return hash.digest()
}

function damaged(path: string, reason: string) {
  return packerErrors.create('packer.manifest-damaged', { path, reason })
}
