import { type ByteRange, type ObjectInfo, type ObjectRead, type ObjectStore, objectErrors } from '@chronicle/objects'

/** A whole object of at most `bytesMax` bytes, and which version of it; undefined where there is none. Rejects with 'objects.too-large'. */
export async function readWithInfo(
  store: ObjectStore,
  key: string,
  bytesMax: number,
): Promise<{ bytes: Buffer; info: ObjectInfo } | undefined> {
  const read = await getIfAny(store, key)
  if (!read) return undefined
  const { bytes } = read.info
  if (bytes <= bytesMax) return { bytes: await collect(read), info: read.info }
  await read.cancel()
  throw objectErrors.create('objects.too-large', { key, bytes, bytesMax })
}

/** The end of an object, as it was read. */
export type ObjectTail = { readonly bytes: Buffer; readonly info: ObjectInfo; readonly start: number }

/** The last `bytesMax` bytes of an object, or all of them; undefined where there is none. */
export async function readTail(store: ObjectStore, key: string, bytesMax: number): Promise<ObjectTail | undefined> {
  const read = await getIfAny(store, key, { start: -bytesMax })
  return read && { bytes: await collect(read), info: read.info, start: read.start }
}

/** The bytes [start, end) of an object: what the caller asks for bounds them. */
export async function readRange(store: ObjectStore, key: string, start: number, end: number): Promise<Buffer> {
  return collect(await store.get(key, { start, end }))
}

async function getIfAny(store: ObjectStore, key: string, range?: ByteRange): Promise<ObjectRead | undefined> {
  try {
    return await store.get(key, range)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export function isMissing(error: unknown): boolean {
  return objectErrors.is(error) && error.code === 'objects.not-found'
}

/** All that was announced: more or fewer bytes would pass for another object. */
async function collect(read: ObjectRead): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(read.end - read.start)
  let filled = 0
  for await (const piece of read.body) {
    if (piece.length <= bytes.length - filled) bytes.set(piece, filled)
    filled += piece.length
    if (filled > bytes.length) break
  }
  if (filled === bytes.length) return bytes
  const reason = `${bytes.length} bytes were announced and others came`
  throw objectErrors.create('objects.unavailable', { key: read.info.key, reason })
}
