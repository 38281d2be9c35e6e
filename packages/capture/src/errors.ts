import { ChronicleError, type ErrorDetails, errorFamily } from '@chronicle/base'

/** Every way in which capture refuses. None of them ever carries what an event or a screenshot holds. */
export const captureErrors = errorFamily('capture', {
  'capture.database-busy': {
    summary: 'Another program holds the database of capture',
    remedy:
      'Close the program that has the file open for writing. Nothing is lost: what was accepted waits, and is written when the file is free.',
  },
  'capture.database-full': {
    summary: 'The disk of the database of capture is full',
    remedy: 'Make room on the disk. Nothing is lost: what was accepted waits, and is written when there is room.',
  },
  'capture.database-io': {
    summary: 'The disk refused a read or a write of the database of capture',
    remedy: 'Look at the disk and its cables or its server. What was accepted waits, and is tried again.',
  },
  'capture.database-unusable': {
    summary: 'The file of the database of capture cannot be opened or written',
    remedy: 'Set database_path to a file that this user may read and write, in a directory that exists or can be made.',
  },
  'capture.database-foreign': {
    summary: 'The file at the path of the database of capture is something else',
    remedy: 'Set database_path to another file. Nothing in this one was changed.',
  },
  'capture.database-newer': {
    summary: 'The database was written by a newer version of the program',
    remedy: 'Use the version that wrote it, or a newer one.',
  },
  'capture.database-damaged': {
    summary: 'The database of capture is damaged',
    remedy:
      'Stop capture, move the file and those beside it away, and restore a copy; without one a new database is made at the next start.',
  },
  'capture.database-failed': {
    summary: 'The database of capture refused what it was asked',
    remedy: 'Start capture again. If it stays, report the reason that is named.',
  },
})

type CaptureCode = keyof typeof captureErrors.specs
type DatabaseCode = Extract<CaptureCode, `capture.database-${string}`>

/** The database refused. `passes` says whether the same may succeed later without anybody doing anything to the program. */
export class DatabaseError extends ChronicleError<DatabaseCode> {
  readonly passes: boolean

  constructor(code: DatabaseCode, details: ErrorDetails = {}, cause?: unknown) {
    super(code, captureErrors.specs[code], details, cause)
    this.name = 'DatabaseError'
    this.passes = code === 'capture.database-busy' || code === 'capture.database-full' || code === 'capture.database-io'
  }
}
