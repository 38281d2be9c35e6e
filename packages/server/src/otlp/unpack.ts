import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { observeErrors } from '@chronicle/observe'
import { serverErrors } from '../errors.ts'
import { bodyTooLarge } from '../http/read-body.ts'
import { requestBytesMax } from './limits.ts'

export type Compression = 'gzip' | 'deflate'

/** `deflate` is what HTTP calls zlib's format (RFC 9110, 8.4.1.2); OTLP asks for gzip alone, and some exporters offer both. */
const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const

export const acceptedCompressions = Object.keys(unpackers).join(', ')

/** The compression that a Content-Encoding or grpc-encoding names; undefined for none. Throws 'server.encoding-not-accepted'. */
export function compressionOf(name: string | undefined): Compression | undefined {
  const asked = (name ?? '').trim().toLowerCase()
  if (asked === '' || asked === 'identity') return undefined
  if (Object.hasOwn(unpackers, asked)) return asked as Compression
  throw serverErrors.create('server.encoding-not-accepted', {
    header: 'content-encoding',
    accepted: `${acceptedCompressions}, identity`,
  })
}

/**
 * S20: decompresses in another thread, and no further than {@link requestBytesMax}: what would become larger is given up there ('server.body-too-large'). Rejects
 * with 'observe.invalid-otlp' what is not so compressed.
 */
export async function unpack(packed: Buffer, compression: Compression): Promise<Buffer> {
  try {
    return await unpackers[compression](packed, { maxOutputLength: requestBytesMax })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(requestBytesMax)
    throw observeErrors.create('observe.invalid-otlp', { detail: `the body is not ${compression}` }, error)
  }
}
