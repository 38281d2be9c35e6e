/** What is wrong with the files of a log as files: headers, names, links. Entries are looked at once these are right. */
import type { Disk } from './disk.ts'
import { decodeHeaderCopy, encodeFileHeader, type FileHeader, saltOf } from './file-header.ts'
import { logFileName } from './file-name.ts'
import { makePadFile } from './fsck-pads.ts'
import { scanEntries } from './scan.ts'
import type { Survey, SurveyedFile } from './survey.ts'

/** A stretch of log, or a file, that is not as it was written. */
export type WalProblem = {
  readonly file: string
  /** Byte in the file. */
  readonly offset: number
  readonly lsn: number
  /** Bytes of log that are lost with it. */
  readonly bytes: number
  readonly what: string
  /** What `repairWal` would do, or undefined when it can do nothing. */
  readonly repair: string | undefined
}

/** A problem and how it is repaired. */
export type Finding = WalProblem & { readonly apply?: () => void }

export function findInFiles(survey: Survey, disk: Disk): Finding[] {
  const uuid = survey.uuid ?? uuidFromCopies(survey)
  return survey.files.flatMap((file, index): Finding[] => {
    const previous = survey.files[index - 1]
    if (file.state === 'linked') return []
    if (file.state === 'unlinked') return [missingBefore(survey, disk, file, previous!)]
    if (file.state === 'damaged') return [damagedHeader(disk, file, previous, uuid)]
    if (file.state === 'newer') return [finding(file, 'written by a newer version of the program')]
    const what =
      file.state === 'foreign' ? 'belongs to another log' : 'has another first lsn in its header than in its name'
    const aside = `${file.path}.aside`
    return [finding(file, what, `rename it to ${file.name}.aside`, () => disk.rename(file.path, aside))]
  })
}

function finding(file: SurveyedFile, what: string, repair?: string, apply?: () => void): Finding {
  const found = { file: file.name, offset: 0, lsn: file.firstLsn, bytes: 0, what, repair }
  return apply ? { ...found, apply } : found
}

function damagedHeader(
  disk: Disk,
  file: SurveyedFile,
  previous: SurveyedFile | undefined,
  uuid: Buffer | undefined,
): Finding {
  const what = 'damaged file header'
  const copy = decodeHeaderCopy(file.head)
  if (copy.state === 'whole' && copy.header.firstLsn === file.firstLsn) {
    return finding(file, what, 'restore the header from its copy', () => writeHeader(disk, file, copy.header))
  }
  // Without the log's UUID no entry can be told from noise.
  if (!uuid) return finding(file, `${what}, and no other file to learn the identity of the log from`)
  const header = { uuid, firstLsn: file.firstLsn, previousLsn: previous?.firstLsn, createdAt: 0 }
  return finding(file, what, 'make the header anew from the other files', () => writeHeader(disk, file, header))
}

/** One or more files are missing between `previous` and `file`. */
function missingBefore(survey: Survey, disk: Disk, file: SurveyedFile, previous: SurveyedFile): Finding {
  const uuid = survey.uuid!
  const fromLsn = wholeUntil(disk, previous, saltOf(uuid), file.firstLsn)
  const bytes = file.firstLsn - fromLsn
  const what = `${logFileName(file.header!.previousLsn ?? fromLsn)}, which comes before it, is missing`
  // Where a previous file that is not whole ends is not known: repair begins with it.
  const apply = (): void => {
    const link = bytes === 0 ? previous.firstLsn : fromLsn
    if (bytes > 0)
      makePadFile(disk, survey.directory, { uuid, previousLsn: previous.firstLsn, fromLsn, toLsn: file.firstLsn })
    writeHeader(disk, file, { ...file.header!, previousLsn: link })
  }
  return { ...finding(file, what, `cover the ${bytes} bytes that are missing with pads`, apply), bytes }
}

function wholeUntil(disk: Disk, file: SurveyedFile, salt: number, boundLsn: number): number {
  const handle = disk.open(file.path, 'read')
  try {
    return scanEntries({ file: handle, firstLsn: file.firstLsn, salt }, file.firstLsn, boundLsn, 0, () => {}).lsn
  } finally {
    handle.close()
  }
}

function writeHeader(disk: Disk, file: SurveyedFile, header: FileHeader): void {
  const handle = disk.open(file.path, 'write')
  try {
    handle.writeSync([encodeFileHeader(header)], 0)
  } finally {
    handle.close()
  }
}

function uuidFromCopies(survey: Survey): Buffer | undefined {
  for (const { head } of survey.files) {
    const copy = decodeHeaderCopy(head)
    if (copy.state === 'whole') return copy.header.uuid
  }
  return undefined
}
