/**
 * What is left of the log after any stop, and whether it may be opened. Two total tables decide: one over the headers of
 * the files, one over where the run of whole entries ends. The order in which the log writes makes each row's cause certain:
 *
 * 1. A file gets its name only after its header and first group are synced, and once everything before it is durable.
 * 2. Groups are written one at a time, each synced before the next is begun.
 * 3. Files are removed from the oldest on, each removal synced before the next.
 *
 * So nothing but the end of the last file can be torn by a crash, and whatever else is wrong was once right (W4, W5).
 */
import { assert } from '@chronicle/base'
import type { ReplayVisitor } from './contract.ts'
import type { Disk } from './disk.ts'
import { entryKind, entryKindMin, entryNext, entryStream, entryUnsynced, lostEntry, ownKinds } from './entry.ts'
import { walErrors } from './errors.ts'
import { fileHeaderBytes, saltOf } from './file-header.ts'
import { logFileName } from './file-name.ts'
import { type EntryVisitor, findLaterEntries, type ScanEnd, type ScannedFile, scanEntries } from './scan.ts'
import type { HeaderState, Survey, SurveyedFile } from './survey.ts'

type HeaderVerdict = 'use' | 'missing' | 'damaged' | 'foreign' | 'newer'

/** File header × place among the files. */
const headerTable: Readonly<Record<HeaderState, Readonly<Record<'first' | 'later', HeaderVerdict>>>> = {
  // Nothing is wrong. A first file that follows another is the oldest that trimming left.
  linked: { first: 'use', later: 'use' },
  // The file between was removed by something else: the log removes only from the oldest on. A first file is never unlinked.
  unlinked: { first: 'missing', later: 'missing' },
  // Copied or renamed by something else.
  misnamed: { first: 'foreign', later: 'foreign' },
  // From the directory of another log, or from this one's before it was made anew.
  foreign: { first: 'foreign', later: 'foreign' },
  // A header is synced before the file gets its name, so this is no crash: the disk lost it or something else wrote it.
  damaged: { first: 'damaged', later: 'damaged' },
  // A newer program was here. Cutting or repairing would destroy what we cannot read.
  newer: { first: 'newer', later: 'newer' },
}

/** How the run of whole entries in a file ends. */
type Stop =
  | 'at the next file' // exactly where the next file begins
  | 'at nothing' // no trace of an entry behind it
  | 'at unacknowledged' // entries behind it, none of which proves that the stop was durable
  | 'at acknowledged' // an entry behind it says that the stop had been durable when it was written
  | 'at newer' // a whole entry of a version that this program does not know

type StopVerdict = 'go on' | 'end' | 'cut' | 'damaged' | 'newer'

/** Stop × place among the files. */
const stopTable: Readonly<Record<Stop, Readonly<Record<'inner' | 'last', StopVerdict>>>> = {
  // The last file has no next one: its run cannot end there.
  'at the next file': { inner: 'go on', last: 'end' },
  // Inner: all of it was durable before the next file got its name. Last: stopped between two groups, or in good order.
  'at nothing': { inner: 'damaged', last: 'end' },
  // Inner: as above. Last: a crash in the middle of a group; nothing from the stop on was ever acknowledged.
  'at unacknowledged': { inner: 'damaged', last: 'cut' },
  // Inner: as above. Last: what stood here had been acknowledged. A crash cannot do that, a disk can.
  'at acknowledged': { inner: 'damaged', last: 'damaged' },
  'at newer': { inner: 'newer', last: 'newer' },
}

export type Recovered = {
  readonly startLsn: number
  readonly endLsn: number
  /** Proved durable by what was read; from here to `endLsn` entries may have been seen only by the page cache. */
  readonly provenLsn: number
  readonly sealed: boolean
  /** Bytes of entries behind the end that were never acknowledged. */
  readonly tornBytes: number
  readonly replayedEntries: number
  readonly replayedBytes: number
}

/** Throws unless every file's header is in order. Changes nothing. */
export function checkFiles(survey: Survey): void {
  survey.files.forEach((file, index) => {
    const details = { file: file.path, offset: 0, lsn: file.firstLsn }
    const verdict = headerTable[file.state][index === 0 ? 'first' : 'later']
    if (verdict === 'damaged') throw walErrors.create('wal.damaged', { ...details, part: 'file header' })
    if (verdict === 'foreign') throw walErrors.create('wal.foreign-file', details)
    if (verdict === 'newer') throw walErrors.create('wal.unsupported-version', details)
    if (verdict === 'missing') {
      const missing = logFileName(file.header!.previousLsn ?? survey.files[index - 1]!.firstLsn)
      throw walErrors.create('wal.file-missing', { ...details, missing })
    }
  })
}

/**
 * Reads the log from `replayFrom` on, telling `onReplay` of each entry. Throws a typed error where the log is damaged.
 * Changes nothing. `turn` is awaited between files, so that a long replay leaves the loop some air.
 */
export async function recover(
  survey: Survey,
  disk: Disk,
  replayFrom: number,
  onReplay: ReplayVisitor,
  turn: () => Promise<void>,
): Promise<Recovered> {
  const startLsn = survey.files[0]!.firstLsn
  const from = Math.max(replayFrom, startLsn)
  const replay = new Replay(from, onReplay)
  let end = { lsn: startLsn, tornBytes: 0 }
  for (const [index, file] of survey.files.entries()) {
    const next = survey.files[index + 1]
    if (next && next.firstLsn <= from) {
      checkLength(file, next)
      continue
    }
    end = recoverFile(survey, disk, file, next, replay)
    await turn()
  }
  if (end.lsn < replayFrom) {
    const last = survey.files.at(-1)!
    const offset = fileHeaderBytes + end.lsn - last.firstLsn
    throw walErrors.create('wal.damaged', {
      file: last.path,
      offset,
      lsn: end.lsn,
      part: `entries up to ${replayFrom}, which had been durable`,
    })
  }
  return {
    startLsn,
    endLsn: end.lsn,
    provenLsn: Math.max(replay.provenLsn, survey.files.at(-1)!.firstLsn),
    sealed: replay.sealed,
    tornBytes: end.tornBytes,
    replayedEntries: replay.entries,
    replayedBytes: end.lsn - from,
  }
}

/** A file that is not replayed is at least long enough for what it held. */
function checkLength(file: SurveyedFile, next: SurveyedFile): void {
  if (file.bytes >= fileHeaderBytes + next.firstLsn - file.firstLsn) return
  const lsn = file.firstLsn + Math.max(0, file.bytes - fileHeaderBytes)
  throw walErrors.create('wal.damaged', { file: file.path, offset: file.bytes, lsn, part: 'end of the file' })
}

function recoverFile(
  survey: Survey,
  disk: Disk,
  surveyed: SurveyedFile,
  next: SurveyedFile | undefined,
  replay: Replay,
): { lsn: number; tornBytes: number } {
  const file = disk.open(surveyed.path, 'read')
  try {
    const source: ScannedFile = { file, firstLsn: surveyed.firstLsn, salt: saltOf(survey.uuid!) }
    const boundLsn = next ? next.firstLsn : Number.MAX_SAFE_INTEGER
    const end = scanEntries(source, surveyed.firstLsn, boundLsn, replay.fromLsn, replay.visit)
    const later = findLaterEntries(source, end.lsn, boundLsn, false)
    const stop = stopOf(end, next, later)
    const verdict = stopTable[stop][next ? 'inner' : 'last']
    const details = { file: surveyed.path, offset: fileHeaderBytes + end.lsn - surveyed.firstLsn, lsn: end.lsn }
    if (verdict === 'damaged') throw walErrors.create('wal.damaged', { ...details, part: 'entry' })
    if (verdict === 'newer') throw walErrors.create('wal.unsupported-version', details)
    if (end.lsn > replay.fromLsn && !replay.aligned)
      throw walErrors.create('wal.invalid-position', { lsn: replay.fromLsn })
    return { lsn: end.lsn, tornBytes: verdict === 'cut' ? later.endLsn - end.lsn : 0 }
  } finally {
    file.close()
  }
}

function stopOf(end: ScanEnd, next: SurveyedFile | undefined, later: { durableLsn: number; endLsn: number }): Stop {
  if (end.newer) return 'at newer'
  if (next && end.lsn === next.firstLsn) return 'at the next file'
  if (later.durableLsn > end.lsn) return 'at acknowledged'
  return later.endLsn > end.lsn ? 'at unacknowledged' : 'at nothing'
}

const noBytes = Buffer.alloc(0)

/** Takes entries in order, notes what recovery needs, and passes the caller's on. */
class Replay {
  readonly fromLsn: number
  readonly #onReplay: ReplayVisitor
  /** An entry begins where replay was to begin. */
  aligned = false
  sealed = false
  provenLsn = 0
  entries = 0

  constructor(fromLsn: number, onReplay: ReplayVisitor) {
    this.fromLsn = fromLsn
    this.#onReplay = onReplay
  }

  readonly visit: EntryVisitor = (lsn, bytes, header, payload) => {
    this.provenLsn = Math.max(this.provenLsn, lsn - entryUnsynced(bytes, header))
    const kind = entryKind(bytes, header)
    if (kind === ownKinds.seal) this.sealed = true
    const nextLsn = lsn + entryNext(bytes, header) - header
    // W11
    if (kind === lostEntry && nextLsn > this.fromLsn) {
      // The entry at `fromLsn` may be among those that are lost.
      this.aligned = true
      this.#onReplay(lsn, 0, lostEntry, noBytes)
      return
    }
    if (lsn < this.fromLsn) {
      if (nextLsn === this.fromLsn) this.aligned = true
      return
    }
    if (lsn === this.fromLsn) this.aligned = true
    if (kind < entryKindMin) return
    this.entries++
    assert(payload, 'what is replayed is verified')
    this.#onReplay(lsn, entryStream(bytes, header), kind, payload)
  }
}
