import { errorFamily } from '@chronicle/base'

/** Every way in which the packer refuses. None of them ever carries a secret, or what a user typed. */
export const packerErrors = errorFamily('packer', {
  'packer.ring-missing': {
    summary: 'There is no ring at this path',
    remedy: 'Start the recorder, which makes the ring, or correct the path.',
  },
  'packer.ring-unusable': {
    summary: 'The file of a ring, or a lock beside it, cannot be used',
    remedy: 'Do what the reason says. A ring is a regular file on a local disk, owned by its user, with mode 0600.',
  },
  'packer.ring-foreign-file': {
    summary: 'The file at the path of the ring is something else',
    remedy: 'Give the path of a ring, or move the file away: nothing in it was changed.',
  },
  'packer.ring-unsupported-version': {
    summary: 'The ring was made by a newer version of the program',
    remedy: 'Use the version that made it, or a newer one.',
  },
  'packer.ring-damaged': {
    summary: 'The ring contradicts itself',
    remedy:
      'Stop and start the recorder and the packer: each sets right what is its own. If this stays, move the file away; a new ring is made, and what was not read of the old one stays in the moved file.',
  },
  'packer.ring-busy': {
    summary: 'Another process holds this side of the ring',
    remedy: 'A ring has one writer and one reader. Stop the process that is named, or use another ring.',
  },
  'packer.ring-removed': {
    summary: 'The ring, or a lock beside it, was removed or replaced while in use',
    remedy:
      'Start the recorder and the packer again, and keep programs that clean temporary directories away from the ring and the files beside it.',
  },
  'packer.ring-closed': {
    summary: 'This side of the ring was closed',
    remedy: 'Open it again; this handle cannot be used any more.',
  },
  'packer.ring-record-too-large': {
    summary: 'The record is larger than the ring takes: half of its capacity, header included',
    remedy: 'Send smaller batches, or make a larger ring.',
  },
  'packer.ring-size-differs': {
    summary: 'The ring exists with another capacity',
    remedy:
      'Ask for the capacity that it has. To change it, stop the recorder, let the packer drain the ring, and remove the file.',
  },
  'packer.ring-invalid-argument': {
    summary: 'A value for the ring is out of its range',
    remedy: 'Give a value inside of the range that is named.',
  },
  'packer.parquet-option': {
    summary: 'An option of a Parquet file cannot be used',
    remedy: 'Give the option that is named a value inside what is accepted.',
  },
  'packer.parquet-columns': {
    summary: 'The columns that were given to a Parquet file are not what its schema says',
    remedy:
      'Give one array for each column of the schema, in its order and of its type, each with a value for every row.',
  },
  'packer.parquet-value-too-large': {
    summary: 'A row is larger than a Parquet row group may be',
    remedy: 'Keep values of this size outside of the table, and their names in it.',
  },
  'packer.parquet-too-many-row-groups': {
    summary: 'An encrypted Parquet file cannot have more row groups',
    remedy: 'Write several files, or larger row groups.',
  },
  'packer.parquet-finished': {
    summary: 'The Parquet file is finished: it takes no more rows',
    remedy: 'Open another writer for another file.',
  },
  'packer.frame-option': {
    summary: 'An option of frames cannot be used',
    remedy: 'Give the option that is named a value inside what is accepted.',
  },
  'packer.frame-not-encoded': {
    summary: 'The pixels of a frame are good, and could not be encoded',
    remedy: 'Look at the cause: the machine may be out of memory. The frame stays in its source; process it again.',
  },
  'packer.frame-unreadable': {
    summary: 'A HEIF file is not what was written',
    remedy: 'Look at the reason and at the disk, and restore the file from a copy.',
  },
})
