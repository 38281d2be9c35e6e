import { invalidChunk } from './checks.ts'

const accepted = 'sha-256=:BASE64: (RFC 9530)'

/** The SHA-256 in hex that a Content-Digest names (RFC 9530, a dictionary of RFC 8941); undefined where it names none, for others may stand there. */
export function sha256OfContentDigest(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const member = header.split(',').find(each => /^\s*sha-256\s*=/i.test(each))
  if (member === undefined) return undefined
  const base64 = /^\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*$/i.exec(member)?.[1]
  if (base64 === undefined) throw invalidChunk('content-digest', header, accepted)
  return Buffer.from(base64, 'base64').toString('hex')
}

/** The header for bytes with this SHA-256 in hex. */
export function contentDigest(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
}
