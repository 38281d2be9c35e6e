import { type FileHandle, open } from 'node:fs/promises'
import { openRandomAccess, type SealedHeader, type SealKey } from '@chronicle/vault'
import { serverErrors } from '../../errors.ts'
import { standardStream, unreadable } from './input.ts'

const pieceBytes = 1 << 20

/** `range`: the first and the last byte. A first one below 0 counts from the end. */
export type PlainRange = { readonly first: number; readonly last?: number }

/** A part of what a sealed file holds. The length of the whole is authenticated first; only what is asked for is read. */
export async function* openRange(
  path: string,
  keyFor: (header: SealedHeader) => Promise<SealKey>,
  range: PlainRange,
): AsyncGenerator<Buffer> {
  if (path === standardStream) {
    throw serverErrors.create('server.invalid-argument', { range: 'of standard input', accepted: 'a file' })
  }
  const file = await open(path, 'r').catch(error => {
    throw unreadable(path, error)
  })
  try {
    const { size } = await file.stat()
    const sealed = await openRandomAccess((start, end) => readAt(file, start, end), size, keyFor)
    const { start, end } = within(range, sealed.plainBytes)
    for (let at = start; at < end; at += pieceBytes) yield await sealed.read(at, Math.min(end, at + pieceBytes))
  } finally {
    await file.close()
  }
}

/** Bytes [start, end). What lies behind the end is cut off, as in HTTP. */
function within({ first, last = Number.MAX_SAFE_INTEGER }: PlainRange, bytes: number): { start: number; end: number } {
  const start = first < 0 ? Math.max(0, bytes + first) : first
  const end = Math.min(bytes, last + 1)
  if (start <= end) return { start, end }
  throw serverErrors.create('server.invalid-argument', { range: `from byte ${first}`, accepted: `0 to ${bytes}` })
}

async function readAt(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(end - start)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
