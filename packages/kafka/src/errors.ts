import { errorFamily } from '@chronicle/base'

export const kafkaErrors = errorFamily('kafka', {
  'kafka.malformed': {
    summary: 'A message does not follow the Kafka protocol',
    remedy:
      'Look for the client that sent it: its bytes were damaged, or it does not speak the version that it announced.',
  },
  'kafka.too-many-elements': {
    summary: 'A message holds more array elements than are accepted in one',
    remedy: 'Ask for fewer topics or partitions at a time.',
  },
  'kafka.unsupported-version': {
    summary: 'The API is not known in that version',
    remedy: 'Use a version that ApiVersions lists.',
  },
  'kafka.unwritable': {
    summary: 'A value cannot be written as its field is declared',
    remedy: 'This is a defect: the value comes from the program itself. Report the field and the value.',
  },
  'kafka.cannot-listen': {
    summary: 'The address for Kafka clients cannot be bound',
    remedy: 'Give a port that is free and an address of this machine, or stop what uses the port.',
  },
  'kafka.stored-group-invalid': {
    summary: 'The stored state of a consumer group cannot be understood',
    remedy:
      'The group goes on with its offsets and without its members, which join again by themselves. A newer version of the program wrote the state, or the data directory was changed.',
  },
  'kafka.connection-lost': {
    summary: 'The connection to the broker is closed',
    remedy: 'Connect again. Whether requests without an answer were carried out is not known.',
  },
  'kafka.too-many-requests': {
    summary: 'More requests wait for their answers than one connection holds',
    remedy: 'Wait for answers before sending more.',
  },
})
