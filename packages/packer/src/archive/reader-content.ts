/** Whether what a file holds is what the manifest says it holds: rows or pixels, and range. */
import { messageOf } from '@chronicle/base'
import { packerErrors } from '../errors.ts'
import { itemSize, primaryItem } from '../frames/kept.ts'
import { parseHeif } from '../frames/parse-heif.ts'
import type { ArchivedFile } from './contract.ts'
import { readParquetSummary } from './footer-reader.ts'
import { damaged } from './reader-plain.ts'
import { Tail } from './tail.ts'

const newline = 0x0a

/** Takes a file's plain bytes piece by piece, and keeps no more of them than it takes to judge. */
export type ContentCheck = {
  push(piece: Uint8Array): void
  /** Throws `packer.archived-file-damaged`. */
  end(): void
}

export function contentCheck(file: ArchivedFile): ContentCheck {
  const check = { parquet: parquetCheck, quarantine: linesCheck, heif: frameCheck }[file.kind](file)
  return {
    push: check.push,
    end() {
      try {
        check.end()
      } catch (error) {
        if (packerErrors.is(error) && error.code === 'packer.archived-file-damaged') throw error
        throw damaged(file, messageOf(error), error)
      }
    },
  }
}

function parquetCheck(file: ArchivedFile): ContentCheck {
  const tail = new Tail()
  return {
    push: piece => tail.push(piece),
    end() {
      const { rows, range } = readParquetSummary(tail.bytes())
      compare(file, 'rows', rows, file.rows)
      if (!range) return
      compare(file, 'first time', `${range.first}`, file.firstTimestampNs)
      compare(file, 'last time', `${range.last}`, file.lastTimestampNs)
    },
  }
}

/** Each refused event is a line. */
function linesCheck(file: ArchivedFile): ContentCheck {
  let lines = 0
  return {
    push(piece) {
      for (let at = piece.indexOf(newline); at >= 0; at = piece.indexOf(newline, at + 1)) lines++
    },
    end: () => compare(file, 'lines', lines, file.rows),
  }
}

/** A frame fits into memory: it came through a ring. */
function frameCheck(file: ArchivedFile): ContentCheck {
  const pieces: Uint8Array[] = []
  return {
    push: piece => void pieces.push(piece),
    end() {
      const { width, height } = itemSize(primaryItem(parseHeif(Buffer.concat(pieces))))
      compare(file, 'width', width, file.pixels?.width)
      compare(file, 'height', height, file.pixels?.height)
    },
  }
}

function compare(file: ArchivedFile, what: string, found: string | number, expected: string | number | undefined) {
  if (found !== expected) throw damaged(file, `${what}: found ${found}, the manifest says ${expected ?? 'nothing'}`)
}
