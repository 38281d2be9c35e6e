import { errorFamily } from '@chronicle/base'

/** Every way in which the log refuses. Protocols turn these codes into their own error numbers. */
export const logErrors = errorFamily('log', {
  'log.offset-out-of-range': {
    summary: 'The offset is outside of what the partition holds',
    remedy: 'Ask from an offset between the log start offset and the end, or let the client reset its position.',
  },
  'log.corrupt-batch': {
    summary: 'The record batch is damaged: its length or its CRC does not agree with its bytes',
    remedy: 'Send the batch again; if it is refused again, the client or the network changes bytes.',
  },
  'log.unsupported-magic': {
    summary: 'The record batch has a format that is not taken',
    remedy: 'Use a client of Kafka 0.11 or newer: it sends record batches with magic 2.',
  },
  'log.batch-too-large': {
    summary: 'The record batch is larger than the topic takes',
    remedy: 'Send smaller batches, or raise max.message.bytes of the topic.',
  },
  'log.invalid-record': {
    summary: 'The record batch has a valid CRC but breaks a rule of its format',
    remedy: 'The field that is named is wrong as the client wrote it: update or correct the client.',
  },
  'log.invalid-timestamp': {
    summary: 'A timestamp of the record batch is not accepted',
    remedy:
      'Set the clock of the producer, or widen message.timestamp.before.max.ms and message.timestamp.after.max.ms.',
  },
  'log.out-of-order-sequence': {
    summary: 'A sequence number does not follow the one before it',
    remedy: 'A batch before this one is missing: the producer has to send it first, or start again with a new epoch.',
  },
  'log.duplicate-sequence': {
    summary: 'The batch was appended before, too long ago to say at which offset',
    remedy: 'Take it as written: do not send it again.',
  },
  'log.invalid-producer-epoch': {
    summary: 'The epoch of the producer is older than one that has been seen',
    remedy: 'A newer instance of this producer is at work: close this one.',
  },
  'log.invalid-txn-state': {
    summary: 'The producer has a transaction open in this partition and sent a batch outside of it',
    remedy: 'Commit or abort the transaction first.',
  },
  'log.coordinator-fenced': {
    summary: 'A newer transaction coordinator has written a marker for this producer',
    remedy: 'Load the state of the transaction again before writing markers.',
  },
  'log.topic-exists': {
    summary: 'There is a topic of this name',
    remedy: 'Use the topic that exists, or choose another name.',
  },
  'log.unknown-topic': {
    summary: 'There is no such topic or partition',
    remedy: 'Create the topic, or look at the spelling; a topic that was deleted and made again has a new id.',
  },
  'log.invalid-topic': {
    summary: 'The name cannot be the name of a topic',
    remedy: 'Use 1 to 249 characters of a-z A-Z 0-9 . _ - that no existing or reserved name collides with.',
  },
  'log.invalid-config': {
    summary: 'A topic config is not accepted',
    remedy:
      'Give a value that is accepted; `chronicle topics describe TOPIC --json` and DescribeConfigs list all names.',
  },
  'log.invalid-partitions': {
    summary: 'The number of partitions is not accepted',
    remedy: 'Give a whole number of at least 1; a topic can get more partitions, never fewer.',
  },
  'log.storage': {
    summary: 'The write-ahead log refuses',
    remedy:
      'Nothing of this was acknowledged. Look at the cause: a full disk heals by itself, after a failed write restart.',
  },
  'log.damaged': {
    summary: 'Stored batches cannot be read back as they were written',
    remedy: 'Run `chronicle fsck` to see what is affected; other partitions can be read. Restore the file from a copy.',
  },
  'log.metadata-damaged': {
    summary: 'An entry of the metadata cannot be understood',
    remedy:
      'A newer version of the program wrote it, or the data directory was changed: start that version, or restore a copy.',
  },
  'log.snapshot-damaged': {
    summary: 'A snapshot cannot be read',
    remedy:
      'An older snapshot or the whole log is used instead, where there is one. Look at the disk that holds the file.',
  },
  'log.closed': {
    summary: 'The log was closed',
    remedy: 'Open it again; this handle cannot be used any more.',
  },
  'log.limit': {
    summary: 'A limit would be passed',
    remedy: 'Raise the limit that is named, or ask for less.',
  },
  'log.invalid-setting': {
    summary: 'A setting of the log is out of its range',
    remedy: 'Give a value inside the range that is named.',
  },
})
