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
  'capture.database-removed': {
    summary: 'The file of the database of capture was removed, or another one lies in its place',
    remedy:
      'Put it back, or start capture again, which makes a new one. Nothing more is written into it: what comes waits in memory and in the spill, and is stored then.',
  },
  'capture.database-foreign': {
    summary: 'The file at the path of the database of capture is something else',
    remedy: 'Set database_path to another file. Nothing in this one was changed.',
  },
  'capture.database-missing': {
    summary: 'There is no database of capture here',
    remedy:
      'Name the file of the program that captures: --database, or the setting storage.database_path. It is made when that program first runs.',
  },
  'capture.database-older': {
    summary: 'The database was not brought up to this version yet',
    remedy: 'Start the program that captures once with this version. Reading changes nothing.',
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
  'capture.database-block-damaged': {
    summary: 'Stored events cannot be read any more',
    remedy:
      'They are left out of their window and counted as lost; everything else goes on. Restore a copy of the database, or of the key store if a key is missing.',
  },
  'capture.database-failed': {
    summary: 'The database of capture refused what it was asked',
    remedy: 'Start capture again. If it stays, report the reason that is named.',
  },
  'capture.screenshot-unknown': {
    summary: 'There is no screenshot with this id',
    remedy: 'Take the id from the screenshots of a batch. The journal keeps every screenshot that was accepted.',
  },
  'capture.screenshot-deleted': {
    summary: 'The bytes of the screenshot are deleted',
    remedy:
      'What is known of it stays in the journal. Read the bytes before answering that the batch is analysed, and within the time after its window that screenshot_after_window_seconds gives.',
  },
  'capture.screenshot-id-taken': {
    summary: 'Another screenshot has this id',
    remedy: 'Give each screenshot an id of its own: a fresh UUID.',
  },
  'capture.screenshot-unwritable': {
    summary: 'A screenshot could not be written into a file',
    remedy:
      'Make room on the disk, or do what the reason says. The event is kept; the bytes of this screenshot are gone.',
  },
  'capture.screenshot-damaged': {
    summary: 'The file of a screenshot is not as it was written',
    remedy: 'Look at the disk, and at who may write to the directory of the screenshots. Only this screenshot is lost.',
  },
  'capture.screenshot-record-damaged': {
    summary: 'What the journal keeps of a screenshot cannot be read',
    remedy: 'Look at the disk, and restore a copy of the database. Everything else goes on.',
  },
  'capture.screenshots-directory': {
    summary: 'The directory of the screenshots cannot be made or written',
    remedy: 'Give this user the right to write beside the database, or set database_path to another place.',
  },
  'capture.screenshot-not-handed-on': {
    summary: 'Who was to get a screenshot before its destruction did not take it in time',
    remedy: 'Take the bytes and answer at once, and work on them afterwards. The screenshot is destroyed.',
  },
  'capture.screenshots-stopped': {
    summary: 'Screenshots are not taken any more: capture is about to stop',
    remedy: 'Publish it again once capture runs.',
  },
  'capture.keys-missing': {
    summary: 'The keys that open what is stored are not beside the database',
    remedy:
      'Put the directory that is named back: it is part of what is to be copied. If it is lost, set database_path to another file to begin anew. Where the program that captures brings a vault of its own, events and titles are read with that vault alone; windows and sums need no key.',
  },
  'capture.invalid-argument': {
    summary: 'What was asked for is not accepted',
    remedy: 'Give the argument that is named a value that is accepted.',
  },
  'capture.setting': {
    summary: 'A setting of capture cannot be used',
    remedy: 'Give the key that is named a value that is accepted.',
  },
  'capture.in-use': {
    summary: 'Another process works on this database of capture',
    remedy: '`chronicle capture status` says which one. Stop it, or set database_path to another file.',
  },
  'capture.lock-failed': {
    summary: 'The lock of the database of capture cannot be taken',
    remedy: 'Do what the reason says: the file has to lie on a local disk, in a directory that this user may write to.',
  },
  'capture.not-running': {
    summary: 'Capture does not run',
    remedy: 'Call `run` once, before this and after `create`. What was shut down is made again with `create`.',
  },
  'capture.not-open': {
    summary: 'No capture runs on this database',
    remedy:
      'Start `chronicle capture run`, or the program that embeds it. If it runs, name its database; and its socket, where the setting storage.socket moves that.',
  },
  'capture.door-path-too-long': {
    summary: 'The path of the socket of capture is longer than a socket may have',
    remedy:
      'Set storage.socket to a shorter path in a directory of this user, or storage.database_path to one from which it follows.',
  },
  'capture.door-unusable': {
    summary: 'The socket of capture cannot be opened',
    remedy:
      'Do what the reason says, or set storage.socket to another path in a directory that this user may write to.',
  },
  'capture.door-failed': {
    summary: 'The capture that runs did not answer as it should',
    remedy: 'Ask again. If it stays, look at its log and at `chronicle capture status`.',
  },
  'capture.door-request': {
    summary: 'The request to capture is not one that it takes',
    remedy: 'Correct what the reason names. POST /analysed takes {"screenshots":["ID", …]} with the ids of a batch.',
  },
  'capture.door-no-such-page': {
    summary: 'There is nothing at this path of the socket of capture',
    remedy: 'There is GET /status, GET /metrics, GET /screenshots/{id} and POST /analysed.',
  },
  'capture.limit-door-request': {
    summary: 'The request to capture is larger than any that it takes',
    remedy: 'Send the ids in several requests.',
  },
  'capture.batch-not-taken': {
    summary: 'Nobody has taken a batch in its time',
    remedy: 'Subscribe to the batches of the bus, and resolve once a batch is taken. It is sent again.',
  },
  'capture.batch-not-sent': {
    summary: 'The broker did not take a batch',
    remedy:
      'Do what the reason says: start the broker, or raise max.message.bytes of the topic where the batch is larger. It is sent again, with the same id, until it is taken.',
  },
  'capture.limit-subscribers': {
    summary: 'The bus has as many subscribers as it takes',
    remedy: 'Close the subscriptions that are not used any more.',
  },
  'capture.limit-screenshot-size': {
    summary: 'The screenshot is larger than any that is taken',
    remedy: 'Publish a smaller one, or raise the setting that is named. Neither the screenshot nor its event is kept.',
  },
  'capture.limit-screenshot-journal': {
    summary: 'As many screenshots wait for the database as may wait',
    remedy:
      'Look at the health of capture: it says why the database takes nothing. Publish the screenshot again afterwards.',
  },
  'capture.consumer-silent': {
    summary: 'The consumer of the batches did not answer in time',
    remedy: 'Look at the program that takes the batches. The batch is sent again, with the same id, until it is taken.',
  },
  'capture.consumer-refused': {
    summary: 'The consumer of the batches refused one',
    remedy: 'Do what the reason says. The batch is sent again, with the same id, until it is taken.',
  },
})

type CaptureCode = keyof typeof captureErrors.specs
type DatabaseCode = Extract<CaptureCode, `capture.database-${string}`>
type ScreenshotCode = Extract<CaptureCode, `capture.screenshot${string}`>
type LimitCode = Extract<CaptureCode, `capture.limit-${string}`>

/** The database refused. `passes` says whether the same may succeed later without anybody doing anything to the program. */
export class DatabaseError extends ChronicleError<DatabaseCode> {
  readonly passes: boolean

  constructor(code: DatabaseCode, details: ErrorDetails = {}, cause?: unknown) {
    super(code, captureErrors.specs[code], details, cause)
    this.name = 'DatabaseError'
    this.passes = code === 'capture.database-busy' || code === 'capture.database-full' || code === 'capture.database-io'
  }
}

/** A screenshot cannot be taken, or its bytes cannot be had. */
export class ScreenshotError extends ChronicleError<ScreenshotCode> {
  constructor(code: ScreenshotCode, details: ErrorDetails = {}, cause?: unknown) {
    super(code, captureErrors.specs[code], details, cause)
    this.name = 'ScreenshotError'
  }
}

/** What was asked for would pass a limit. `resource` is the name of that limit, a setting where it is one. */
export class ResourceLimitError extends ChronicleError<LimitCode> {
  readonly resource: string

  constructor(code: LimitCode, resource: string, value: number, max: number) {
    super(code, captureErrors.specs[code], { resource, value, max })
    this.name = 'ResourceLimitError'
    this.resource = resource
  }
}
