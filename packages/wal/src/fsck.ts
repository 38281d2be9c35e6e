/**
 * `chronicle fsck`: shows what a log on a disk holds and what is wrong with it, and, when told, makes it fit to be opened. A
 * lost stretch is covered with pads, so that all other entries keep their positions; damaged bytes stay where they are.
 */
import type { Disk } from './disk.ts'
import { entryKind, entryNext, ownKinds } from './entry.ts'
import { fileHeaderBytes, saltOf } from './file-header.ts'
import { type Finding, findInFiles, type WalProblem } from './fsck-files.ts'
import { coverWithPads } from './fsck-pads.ts'
import { findLaterEntries, type ScannedFile, scanEntries } from './scan.ts'
import { type Survey, type SurveyedFile, surveyLog } from './survey.ts'

/** One file of the log as `chronicle fsck` shows it. */
export type WalFileReport = {
  readonly name: string
  readonly firstLsn: number
  /** Where its whole entries end. */
  readonly endLsn: number
  readonly entries: number
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A stretch of log whose entries were lost and given up by a repair. Not a problem any more, and never to be had back. */
export type WalLoss = {
  readonly file: string
  /** Byte in the file. */
  readonly offset: number
  readonly lsn: number
  readonly bytes: number
}

export type WalReport = {
  readonly files: readonly WalFileReport[]
  readonly problems: readonly WalProblem[]
  readonly losses: readonly WalLoss[]
  readonly startLsn: number
  readonly endLsn: number
  readonly entries: number
  readonly sealed: boolean
  /** The log was closed in good order. */
  readonly closed: boolean
  /** Bytes after the last whole entry that were never acknowledged: the next start cuts them off. Not a problem. */
  readonly tornBytes: number
}

/**
 * Reads the whole log in `directory` and changes nothing. `provenLsn`: all below is known from elsewhere (a snapshot) to have been
 * durable, so that a log that ends before is a damaged one.
 */
export async function inspectWal(directory: string, disk: Disk, provenLsn = 0): Promise<WalReport> {
  return inspect(directory, disk, provenLsn)
}

/**
 * Makes the log fit to be opened. Files that do not belong are renamed to `….aside`, never deleted. Resolves with what was
 * done, one line each. `provenLsn` as in {@link inspectWal}.
 */
export async function repairWal(directory: string, disk: Disk, provenLsn = 0): Promise<readonly string[]> {
  const done: string[] = []
  for (let pass = 0; pass < passesMax; pass++) {
    const repairs = inspect(directory, disk, provenLsn).problems.filter(problem => problem.apply)
    if (repairs.length === 0) {
      // An earlier run that was killed may have left its repairs in the page cache alone.
      await syncAll(directory, disk)
      break
    }
    for (const { apply, file, lsn, repair } of repairs) {
      apply!()
      done.push(`${file}, lsn ${lsn}: ${repair}`)
    }
    // Each repair may show what was hidden behind it, so the log is looked at anew.
    await syncAll(directory, disk)
  }
  return done
}

/** Headers, links and entries each take a pass; a file put aside may uncover another. */
const passesMax = 1_000

type Inspection = Omit<WalReport, 'problems'> & { readonly problems: readonly Finding[] }

function inspect(directory: string, disk: Disk, provenLsn: number): Inspection {
  const survey = surveyLog(directory, disk)
  const inFiles = findInFiles(survey, disk)
  const tally = new Tally()
  const files: WalFileReport[] = []
  const problems = [...inFiles]
  for (const [index, file] of survey.files.entries()) {
    if (file.state !== 'linked' && file.state !== 'unlinked') continue
    const entriesBefore = tally.entries
    const next = survey.files[index + 1]
    // Entries are repaired only once all files are in order: only then is it known where each of them ends.
    const found = inspectEntries(survey, disk, file, inFiles.length > 0 ? undefined : next, tally, provenLsn)
    if (inFiles.length === 0) problems.push(...found)
    const { name, firstLsn } = file
    files.push({
      name,
      firstLsn,
      endLsn: tally.endLsn,
      entries: tally.entries - entriesBefore,
      createdAt: file.header!.createdAt,
    })
  }
  const { endLsn, entries, sealed, tornBytes, losses } = tally
  const startLsn = survey.files[0]?.firstLsn ?? 0
  const closed = tally.lastKind === ownKinds.close
  return { files, problems, losses, startLsn, endLsn, entries, sealed, closed, tornBytes }
}

class Tally {
  entries = 0
  endLsn = 0
  sealed = false
  lastKind = 0
  tornBytes = 0
  readonly losses: WalLoss[] = []

  /** Pads side by side in one file are one loss. */
  lost(loss: WalLoss): void {
    const last = this.losses.at(-1)
    if (last?.file !== loss.file || last.lsn + last.bytes !== loss.lsn) this.losses.push(loss)
    else this.losses[this.losses.length - 1] = { ...last, bytes: last.bytes + loss.bytes }
  }
}

/** Goes through a file's entries, stepping over what is lost between them. */
function inspectEntries(
  survey: Survey,
  disk: Disk,
  surveyed: SurveyedFile,
  next: SurveyedFile | undefined,
  tally: Tally,
  provenLsn: number,
): Finding[] {
  const findings: Finding[] = []
  const salt = saltOf(survey.uuid!)
  const file = disk.open(surveyed.path, 'read')
  try {
    const source: ScannedFile = { file, firstLsn: surveyed.firstLsn, salt }
    const boundLsn = next ? next.firstLsn : Number.MAX_SAFE_INTEGER
    tally.tornBytes = 0
    for (let lsn = surveyed.firstLsn; ; ) {
      const end = scanEntries(source, lsn, boundLsn, 0, (at, bytes, header) => {
        tally.lastKind = entryKind(bytes, header)
        tally.sealed ||= tally.lastKind === ownKinds.seal
        if (tally.lastKind !== ownKinds.pad) tally.entries++
        else {
          const offset = fileHeaderBytes + at - surveyed.firstLsn
          tally.lost({ file: surveyed.name, offset, lsn: at, bytes: entryNext(bytes, header) - header })
        }
      })
      tally.endLsn = end.lsn
      const at = { file: surveyed.name, offset: fileHeaderBytes + end.lsn - surveyed.firstLsn, lsn: end.lsn }
      if (end.newer) {
        findings.push({ ...at, bytes: 0, what: 'an entry of a newer version', repair: undefined })
        break
      }
      if (end.lsn === boundLsn) break
      const later = findLaterEntries(source, end.lsn, boundLsn, true)
      const lostUntil = later.nextLsn ?? next?.firstLsn ?? Math.max(end.lsn, later.durableLsn, provenLsn)
      if (lostUntil === end.lsn || (!next && provenLsn <= end.lsn && isTorn(source, end.lsn))) {
        tally.tornBytes = findLaterEntries(source, end.lsn, boundLsn, false).endLsn - end.lsn
        break
      }
      findings.push({
        ...at,
        bytes: lostUntil - end.lsn,
        what: 'damaged where it had been durable',
        repair: `cover ${lostUntil - end.lsn} bytes with pads`,
        apply: () => coverWithPads(disk, surveyed.path, surveyed.firstLsn, salt, end.lsn, lostUntil),
      })
      lsn = lostUntil
      tally.endLsn = lsn
      if (later.nextLsn === undefined) break
    }
  } finally {
    file.close()
  }
  return findings
}

/** Nothing in the rest of the last file proves that the stop was durable: what is there was never acknowledged. */
function isTorn(source: ScannedFile, stopLsn: number): boolean {
  return findLaterEntries(source, stopLsn, Number.MAX_SAFE_INTEGER, false).durableLsn <= stopLsn
}

async function syncAll(directory: string, disk: Disk): Promise<void> {
  for (const { path } of surveyLog(directory, disk).files) {
    const file = disk.open(path, 'write')
    try {
      await file.datasync()
    } finally {
      file.close()
    }
  }
  await disk.syncDirectory(directory)
}
