/**
 * What each side does when it opens a ring whose positions a crash of the machine, or a stranger, has left wrong. A side sets right only the word that is
 * its own. A process that dies leaves nothing to set right: this is for pages that reached the disk in another order than they were written in.
 *
 * | write position | read position | the writer, on opening | the reader, on opening |
 * |---|---|---|---|
 * | right | right, at most a capacity behind | goes on | goes on |
 * | wrong | right | write position := end of the last whole record found | does the same if there is no writer; refuses if there is |
 * | right, below the read position | right | the same: what was released had been written | the same |
 * | right | wrong | waits for the reader: it cannot know what is free | read position := the oldest whole record found; what had been released may come twice |
 * | right | right, more than a capacity behind | waits for the reader | the same |
 * | wrong | wrong | refuses | refuses |
 */
import { packerErrors } from '../errors.ts'
import type { RingFile, RingWords } from './file.ts'
import { RingWalk } from './walk.ts'

const repairBlockBytes = 1024 * 1024

/** Whose word is wrong (PR7). */
export function wrongWord(file: RingFile, words: RingWords): 'write' | 'read' | undefined {
  const { writePosition, readPosition } = words
  if (writePosition === undefined && readPosition === undefined) {
    throw packerErrors.create('packer.ring-damaged', { path: file.path, reason: 'both positions are torn' })
  }
  if (writePosition === undefined) return 'write'
  if (readPosition === undefined) return 'read'
  if (writePosition < readPosition) return 'write'
  return writePosition - readPosition > file.header.capacityBytes ? 'read' : undefined
}

/** Sets the write position to the end of the last whole record at or behind the read position. Only under the writer's lock. */
export function repairWritePosition(file: RingFile, readPosition: number, nowMs: number): void {
  let end = readPosition
  let { sequence } = file.words()
  for (const record of recordsIn(file, readPosition, readPosition + file.header.capacityBytes)) {
    end = record.next
    sequence = Math.max(sequence, record.sequence)
  }
  file.storeWritePosition(end, sequence, nowMs)
}

/** Sets the read position to the oldest whole record below the write position; returns it. Only under the reader's lock. */
export function repairReadPosition(file: RingFile, writePosition: number): number {
  const oldest = Math.max(0, writePosition - file.header.capacityBytes)
  const [first] = recordsIn(file, oldest, writePosition)
  const position = first?.position ?? writePosition
  file.storeReadPosition(position)
  return position
}

function* recordsIn(file: RingFile, from: number, limit: number) {
  const walk = new RingWalk(file)
  for (let next = from; next < limit; ) {
    const slice = walk.slice(next, limit, repairBlockBytes)
    yield* slice.records
    next = slice.next
  }
}
