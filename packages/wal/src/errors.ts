import { errorFamily } from '@chronicle/base'

/** Every way in which the write-ahead log refuses. */
export const walErrors = errorFamily('wal', {
  'wal.sealed': {
    summary: 'The log was sealed: it takes no more entries',
    remedy: 'Open the successor of this log. What was written before the seal stays readable.',
  },
  'wal.closed': {
    summary: 'The log was closed',
    remedy: 'Open it again; this handle cannot be used any more.',
  },
  'wal.failed': {
    summary: 'A write or a sync failed, so nothing after the last durable entry can be trusted',
    remedy: 'Look at the cause and at the disk, then restart: recovery keeps every acknowledged entry.',
  },
  'wal.full': {
    summary: 'Too many bytes wait to become durable',
    remedy: 'Wait for `whenReady` before appending; nothing of this entry was taken.',
  },
  'wal.disk-full': {
    summary: 'The disk is nearly full: appends are refused before anything is taken',
    remedy: 'Free space on this file system; the log takes entries again by itself within a second or two.',
  },
  'wal.entry-too-large': {
    summary: 'The entry is larger than the log takes',
    remedy: 'Send smaller batches, or raise the limit that is named.',
  },
  'wal.invalid-entry': {
    summary: 'An entry has a stream or kind outside of its range',
    remedy: 'Streams are whole numbers from 0 to 4294967295, kinds from 16 to 255.',
  },
  'wal.invalid-limit': {
    summary: 'A limit of the log is out of its range',
    remedy: 'Give a value inside the range that is named.',
  },
  'wal.trimmed': {
    summary: 'The position was trimmed away',
    remedy: 'Read from the start position that is named, or later.',
  },
  'wal.invalid-position': {
    summary: 'There is no entry at this position',
    remedy: 'Read only from positions that append returned, that a slice ends at, or that replay gave.',
  },
  'wal.read-failed': {
    summary: 'The disk failed to read',
    remedy: 'Look at the cause and at the disk; the log itself goes on.',
  },
  'wal.damaged': {
    summary: 'The log is damaged where it had been durable',
    remedy:
      'Run `chronicle fsck` to see what is affected. Restore the file from a copy, or accept the loss with `chronicle fsck --repair`.',
  },
  'wal.file-missing': {
    summary: 'A file of the log is missing',
    remedy:
      'Put the file back from a copy, or accept the loss with `chronicle fsck --repair`. Files of the log are only ever deleted by the log.',
  },
  'wal.foreign-file': {
    summary: 'A file belongs to another log',
    remedy: 'Move the file out of the directory, and look for the one that it has taken the place of.',
  },
  'wal.unsupported-version': {
    summary: 'The log was written by a newer version of the program',
    remedy: 'Start the version that wrote it, or a newer one.',
  },
})
