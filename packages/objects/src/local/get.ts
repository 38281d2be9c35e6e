import { constants, type FileHandle, open } from 'node:fs/promises'
import type { ByteRange, ObjectRead } from '../contract.ts'
import { objectErrors } from '../errors.ts'
import { resolveRange } from '../range.ts'
import { codeOf, failureOf, isMissing } from './failure.ts'
import { infoOf } from './version.ts'

/** Bytes in one piece of a body: what one reader holds in memory. */
export const pieceBytesMax = 256 * 1024

/** No symbolic link is followed, and no pipe is waited for: neither is an object. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Opens the file of an object: whatever replaces it later, all bytes come from this one (O2). */
export async function getLocal(key: string, path: string, range: ByteRange | undefined): Promise<ObjectRead> {
  const handle = await openObject(key, path)
  try {
    const status = await handle.stat({ bigint: true })
    if (!status.isFile()) throw objectErrors.create('objects.not-found', { key })
    const info = infoOf(key, status)
    const { start, end } = resolveRange(range, info.bytes)
    return { info, start, end, body: bodyOf(handle, key, start, end), cancel: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw failureOf(error, { key })
  }
}

async function openObject(key: string, path: string): Promise<FileHandle> {
  try {
    return await open(path, flags)
  } catch (error) {
    const noObject = isMissing(error) || codeOf(error) === 'ELOOP'
    throw noObject ? objectErrors.create('objects.not-found', { key }, error) : failureOf(error, { key })
  }
}

/** Closes the file also when the reader leaves before it has begun, which a generator does not notice. */
function bodyOf(handle: FileHandle, key: string, start: number, end: number): AsyncIterableIterator<Uint8Array> {
  const body = pieces(handle, key, start, end)
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => body.next(),
    async return() {
      await handle.close()
      return body.return(undefined)
    },
  }
}

/** Closes the file at its end, and when the reader leaves early. */
async function* pieces(handle: FileHandle, key: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  try {
    for (let position = start; position < end; ) {
      const piece = Buffer.allocUnsafeSlow(Math.min(pieceBytesMax, end - position))
      const { bytesRead } = await handle.read(piece, 0, piece.length, position)
      if (bytesRead === 0) {
        const reason = `its file ends after ${position} bytes: somebody has cut it`
        throw objectErrors.create('objects.unavailable', { key, reason })
      }
      position += bytesRead
      yield piece.subarray(0, bytesRead)
    }
  } catch (error) {
    throw failureOf(error, { key })
  } finally {
    await handle.close()
  }
}
