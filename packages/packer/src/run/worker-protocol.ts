import type { ErrorDetails } from '@chronicle/base'
import type { ArchiveSettings } from '../archive/archive-settings.ts'
import type { EventColumns } from '../intake/contract.ts'
import type { BuiltFile, FileJob } from './file-builder.ts'

export type ToWorker =
  | { readonly type: 'begin'; readonly id: number; readonly job: FileJob }
  | { readonly type: 'events'; readonly id: number; readonly columns: EventColumns; readonly plainBytes: number }
  | { readonly type: 'bytes'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'finish'; readonly id: number }

export type FromWorker =
  /** In the order in which events and bytes were sent. */
  | { readonly type: 'taken'; readonly id: number; readonly bytesAtMost: number; readonly plainBytes: number }
  | { readonly type: 'finished'; readonly id: number; readonly built: BuiltFile }
  | { readonly type: 'failed'; readonly error: WorkerError }

/** An error does not keep its class on its way between threads. `code` is ours or the system's: `ENOSPC`. */
export type WorkerError = {
  readonly message: string
  readonly code?: string | undefined
  readonly details?: ErrorDetails | undefined
}

export type WorkerSettings = { readonly settings: ArchiveSettings }
