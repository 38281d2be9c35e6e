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
  'packer.parquet-damaged': {
    summary: 'A part of a Parquet file is not what was written there',
    remedy:
      'Do not use what was read of it. Restore the file from a copy; check the disk, and who could write to it. If it is the footer that does not open, look first whether the key is that of the file.',
  },
  'packer.parquet-unsupported': {
    summary: 'An encrypted Parquet file is of a kind that is not opened here',
    remedy:
      'Opened is AES_GCM_V1 with an encrypted footer and all columns under its key. Read other files with PyArrow or Spark.',
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
  'packer.setting': {
    summary: 'A setting cannot be used',
    remedy: 'Give the key that is named a value that is accepted.',
  },
  'packer.too-many-files': {
    summary: 'A day has no more names for files',
    remedy: 'Raise `storage.max_file_size`, and pack less often.',
  },
  'packer.manifest-damaged': {
    summary: 'The manifest of the archive is not as it was written',
    remedy:
      'Nothing was changed. Restore `metadata/files.json` from a copy and find out who could write to it; use the key store that the archive was begun with.',
  },
  'packer.manifest-missing': {
    summary: 'The archive has files, and no manifest that says what they are',
    remedy: 'Nothing was changed. Restore `metadata/files.json` from a copy, or give another `storage.base_path`.',
  },
  'packer.manifest-older': {
    summary: 'The archive has files of later runs than its manifest',
    remedy:
      'Nothing was removed. Restore the newest `metadata/files.json`. Where it is lost, move what is newer than the manifest out of `parquet`, `heif`, `quarantine` and `metadata/ids`, for the packer removes what its manifest does not name.',
  },
  'packer.manifest-newer': {
    summary: 'The manifest was written by a newer version',
    remedy: 'Use that version, or a later one.',
  },
  'packer.archive-missing': {
    summary: 'There is no archive in this directory',
    remedy:
      'Give the directory that has `metadata/files.json` in it, or the configuration of the packer that writes it.',
  },
  'packer.archived-file-missing': {
    summary: 'A file that the manifest names is not there',
    remedy: 'Restore it from a copy, under the same path. The packer has not deleted it: find out who did.',
  },
  'packer.archived-file-removed': {
    summary: 'The packer has deleted the file since the archive was opened',
    remedy: 'Nothing is wrong: its retention is over. Run the command again to see what the archive holds now.',
  },
  'packer.archived-file-damaged': {
    summary: 'A file of the archive is not the one that was written',
    remedy: 'Do not use it. Restore it from a copy, under the same path; check the disk, and who could write to it.',
  },
  'packer.archived-file-unreadable': {
    summary: 'A file of the archive cannot be read',
    remedy: 'Do what the reason says: run the command as the user that owns the archive, or check the disk.',
  },
  'packer.ids-damaged': {
    summary: 'The fingerprints of the ids of a day cannot be read',
    remedy: 'Nothing has to be done: events of that day are kept, but one that comes again may be kept twice.',
  },
  'packer.archive-not-made': {
    summary: 'There is no archive yet, and a dry run makes none',
    remedy: '`chronicle-packer start` makes it, and so does `process` without --dry-run. Or correct storage.base_path.',
  },
  'packer.archive-busy': {
    summary: 'Another packer works on this archive',
    remedy: 'Stop the process that is named, or give another `storage.base_path`.',
  },
  'packer.verification-failed': {
    summary: 'A file that was just written does not read back as it was written',
    remedy: 'Nothing was released from the source. Check the disk, then run again.',
  },
  'packer.disk-full': {
    summary: 'There is no room for the files of the archive',
    remedy:
      'Make room on the disk of the archive, or raise the quota of its user: the packer tries again by itself. Nothing was released from the source.',
  },
  'packer.worker-failed': {
    summary: 'The thread that writes files has failed',
    remedy: 'Nothing was released from the source. Look at the cause, then run again.',
  },
  'packer.run-in-progress': {
    summary: 'The packer is at work already: one run at a time',
    remedy: 'Wait until it is done: `chronicle-packer status` shows how far it is.',
  },
  'packer.stopping': {
    summary: 'The packer is about to stop, and begins nothing more',
    remedy: 'Start it again, or run `chronicle-packer process` once it has stopped.',
  },
  'packer.not-running': {
    summary: 'No packer runs on this archive',
    remedy: 'Start one with `chronicle-packer start`, or correct storage.base_path.',
  },
  'packer.not-stopped': {
    summary: 'The packer was asked to stop and still runs',
    remedy:
      'Look at its log: a run that is under way ends at a boundary between files. Run the command again to go on waiting.',
  },
  'packer.control-refused': {
    summary: 'The running packer could not be asked',
    remedy: 'Run the command as the user that the packer runs as. If that is so, look at its log.',
  },
  'packer.topic-not-found': {
    summary: 'There is no such topic',
    remedy: 'List the topics with `chronicle topics list`, and correct --topic or topics.names.',
  },
  'packer.topic-no-broker': {
    summary: 'No broker answers at this address',
    remedy:
      'Start it, or correct --bootstrap or topics.bootstrap_servers. What was not packed stays in the topic, as long as its retention lets it.',
  },
  'packer.topic-refused': {
    summary: 'The broker refused to let a topic be read',
    remedy: 'Do what its reason says, and look at its log. Nothing of the topic is passed over: run again afterwards.',
  },
  'packer.topic-shorter': {
    summary: 'A topic ends before the offset up to which it was packed',
    remedy:
      'Its broker has lost records, or was restored from an older copy. Restore the newer one, or write to a topic of another name and pack that: offsets that are given out twice cannot be told from those that are packed.',
  },
  'packer.topic-stalled': {
    summary: 'The broker does not hand out records that it says it has',
    remedy: 'Look at the log and the health of the broker, then run again: nothing of the topic is passed over.',
  },
  'packer.base-path-too-long': {
    summary: 'The path of the archive is too long for the socket in it',
    remedy: 'Choose a shorter storage.base_path: the socket of a running packer lies in its directory `metadata`.',
  },
  'packer.base-path-unusable': {
    summary: 'The directory of the archive cannot be made or written',
    remedy: 'Choose another storage.base_path, or give this user the right to write there.',
  },
  'packer.log-unusable': {
    summary: 'The log file cannot be written',
    remedy: 'Choose another logging.file_path, or give this user the right to write there.',
  },
  'packer.daemon-not-ready': {
    summary: 'The packer did not start in the background',
    remedy: 'Run the same command without --daemon to see why, or look at its log.',
  },
  'packer.pid-file': {
    summary: 'The PID file cannot be written',
    remedy: 'Choose another --pid-file, or give this user the right to write there.',
  },
})
