import type { ByteRange, ObjectRead, ObjectReader } from './contract.ts'
import { objectErrors } from './errors.ts'

/** `bytesMax` bounds the bytes that are asked for: the object, or its range. */
export type ReadOptions = { readonly range?: ByteRange; readonly bytesMax: number }

/**
 * Reads an object, or a range of it, into memory. Rejects as `get` does, and with 'objects.too-large' before anything is read where it is
 * more than `bytesMax`.
 */
export async function readObject(store: ObjectReader, key: string, options: ReadOptions): Promise<Buffer> {
  const read = await store.get(key, options.range)
  const bytes = read.end - read.start
  if (bytes > options.bytesMax) {
    await read.cancel()
    throw objectErrors.create('objects.too-large', { key, bytes, bytesMax: options.bytesMax })
  }
  return collect(read, key, bytes)
}

/** The same, but undefined when there is no such object. */
export async function readObjectIfAny(
  store: ObjectReader,
  key: string,
  options: ReadOptions,
): Promise<Buffer | undefined> {
  try {
    return await readObject(store, key, options)
  } catch (error) {
    if (objectErrors.is(error) && error.code === 'objects.not-found') return undefined
    throw error
  }
}

/** The body must be as long as was announced: a shorter one would pass for a short object. */
async function collect(read: ObjectRead, key: string, bytes: number): Promise<Buffer> {
  const all = Buffer.allocUnsafe(bytes)
  let filled = 0
  for await (const piece of read.body) {
    if (piece.length <= bytes - filled) all.set(piece, filled)
    filled += piece.length
    if (filled > bytes) break
  }
  if (filled !== bytes) {
    const reason = `${bytes} bytes were announced and ${filled} came`
    throw objectErrors.create('objects.unavailable', { key, reason })
  }
  return all
}
