import type { ImageMeasures, ImageRefusal } from '../image/contract.ts'
import type { ImageFormat } from '../image/format.ts'

/**
 * Its life, in this order; states may be passed over, never gone back. 'stored' means that whoever knows the id gets the bytes, not that they would outlive the process:
 * they never do.
 */
export const shotStates = ['captured', 'stored', 'analysed', 'deleted'] as const
export type ShotState = (typeof shotStates)[number]

export const shotPlaces = ['memory', 'file', 'deleted'] as const
export type ShotPlace = (typeof shotPlaces)[number]

/** Why the bytes are gone. */
export const deletionReasons = [
  // The analysis said that it is done.
  'analysed',
  // The time after its window was over.
  'expired',
  // Past the last ones that are kept for who develops.
  'replaced',
  // There was no room for the bytes, or the disk refused them.
  'no-room',
  // Capture stopped.
  'stopped',
  // A crash: found at the next start.
  'interrupted',
] as const
export type DeletionReason = (typeof deletionReasons)[number]

/** What the publisher says of a screenshot: private text. */
export type ShotAbout = {
  readonly windowTitle: string
  readonly appName: string
  readonly screenRegion: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

/** One line of the journal: what is kept of a screenshot for ever. */
export type ShotRecord = {
  /** A UUID in lower case. */
  readonly id: string
  readonly eventId: string
  readonly sessionId: string
  /** Milliseconds since the epoch, as the publisher says. */
  readonly capturedMs: number
  readonly state: ShotState
  readonly place: ShotPlace
  readonly sizeBytes: number
  /** BLAKE3, 64 hex digits. */
  readonly hash: string
  readonly privacyMasked: boolean
  /** Coded by `about.ts`. */
  readonly about: Uint8Array
  readonly format?: ImageFormat
  readonly width?: number
  readonly height?: number
  readonly measures?: ImageMeasures
  readonly refusal?: ImageRefusal['reason']
  readonly deletedMs?: number
  readonly reason?: DeletionReason
}

/** What is handed on before the bytes go. They are overwritten once the promise has settled, or after `handOnMsMax`. */
export type HandedOn = { readonly record: ShotRecord; readonly about: ShotAbout; readonly image: Uint8Array }

export type ScreenshotLimits = {
  /** A larger one is refused. */
  readonly shotBytesMax: number
  /** Up to this size a screenshot stays in memory. */
  readonly memoryShotBytesMax: number
  /** All that are in memory together; past it the oldest go to files. */
  readonly memoryBytesMax: number
  /** Copies that wait to be looked at and put in their place. */
  readonly waitingBytesMax: number
  /** All files together. */
  readonly filesBytesMax: number
  /** Lines of the journal that wait for the database. */
  readonly journalLinesMax: number
  readonly imagePixelsMax: number
  readonly imageSecondsMax: number
  readonly handOnMsMax: number
}

export type ScreenshotTimes = {
  readonly windowMs: number
  readonly allowedLatenessMs: number
  /** From the end of its window to its deletion. */
  readonly afterWindowMs: number
}

export const mebibyte = 2 ** 20

export const screenshotLimits: ScreenshotLimits = {
  shotBytesMax: 50 * mebibyte,
  memoryShotBytesMax: 5 * mebibyte,
  memoryBytesMax: 64 * mebibyte,
  waitingBytesMax: 64 * mebibyte,
  filesBytesMax: 1024 * mebibyte,
  journalLinesMax: 10_000,
  // 8K UHD
  imagePixelsMax: 7680 * 4320,
  imageSecondsMax: 10,
  handOnMsMax: 5000,
}
