/** The file of a day's ids: sealed like the files of that day, written and read in small pieces, for the ids are most of a packer's memory already. */

import type { Random } from '@chronicle/base'
import { Opener, parseSealedHeader, type SealedPlace, Sealer, type SealKey } from '@chronicle/vault'
import { letGo } from '../memory.ts'
import type { Disk } from './disk.ts'
import type { IdSet } from './id-set.ts'
import { readIdSet } from './id-set-reader.ts'

const pieceBytes = 256 * 1024

/** What is written of `ids`. A piece is good until the next one is asked for. */
export function* idFilePieces(
  ids: IdSet,
  key: SealKey | undefined,
  place: string,
  random: Random,
): Iterable<Uint8Array> {
  if (!key) return yield* ids.pieces()
  const sealer = new Sealer(key, placeOf(place), random)
  yield sealer.begin()
  for (const piece of ids.pieces()) {
    for (let at = 0; at < piece.length; at += pieceBytes) {
      const sealed = sealer.push(piece.subarray(at, at + pieceBytes))
      yield sealed
      letGo(sealed)
    }
  }
  yield sealer.end()
}

/** `keyOf` gives the key that a sealed file names; undefined where nothing is sealed. Rejects with what the disk, the vault and `readIdSet` throw. */
export async function readIdFile(
  disk: Disk,
  path: string,
  place: string,
  keyOf: ((id: string) => Promise<SealKey>) | undefined,
): Promise<IdSet> {
  const file = disk.open(path)
  try {
    if (!keyOf) return readIdSet(storedPieces(disk, file))
    const begin = Buffer.alloc(pieceBytes)
    const key = await keyOf(parseSealedHeader(begin.subarray(0, disk.read(file, begin, 0))).keyId)
    return readIdSet(openedPieces(storedPieces(disk, file), new Opener(key, placeOf(place))))
  } finally {
    disk.close(file)
  }
}

function placeOf(place: string): SealedPlace {
  return { kind: 'index', place }
}

function* storedPieces(disk: Disk, file: number): Iterable<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(pieceBytes)
  for (let at = 0; ; ) {
    const length = disk.read(file, buffer, at)
    if (length === 0) return
    yield buffer.subarray(0, length)
    at += length
  }
}

function* openedPieces(pieces: Iterable<Uint8Array>, opener: Opener): Iterable<Uint8Array> {
  for (const piece of pieces) {
    const opened = opener.push(piece)
    yield opened
    letGo(opened)
  }
  yield opener.end()
}
