import { errorFamily } from '@chronicle/base'

/** Every way in which observe refuses. */
export const observeErrors = errorFamily('observe', {
  'observe.busy': {
    summary: 'As many events wait for the tables as the buffer takes',
    remedy:
      'Send the events again after the time in Retry-After; nothing of them was kept. /api/v1/health says what the tables wait for.',
  },
  'observe.too-many-events': {
    summary: 'More events in one request than are taken at once',
    remedy:
      'Send them in smaller portions. Nothing of them was kept. BUFFER_MAX_SIZE may be raised where it is the smaller limit.',
  },
  'observe.topic-missing': {
    summary: 'A topic that observe writes to was deleted while it was being made',
    remedy: 'Send the events again: it is made once more.',
  },
  'observe.unknown-letter': {
    summary: 'There is no dead letter at this offset',
    remedy: 'Take an offset from the list of dead letters. Retention removes old ones, see observe.log-retention.',
  },
  'observe.letter-without-event': {
    summary: 'The dead letter holds nothing that could be taken in',
    remedy:
      'A batch that cannot be read has to be sent again by its producer; of what was larger than 2 MiB only the length was kept.',
  },
  'observe.letter-refused': {
    summary: 'What the dead letter holds is refused again',
    remedy:
      'The reason says what is wrong with it. Send it anew, put right; the letter stays until retention removes it.',
  },
  'observe.events-refused': {
    summary: 'None of the events was accepted',
    remedy:
      'Put right what `refused` names for each of them, and send them again. They are in the dead letters as they came.',
  },
  'observe.unknown-trace': {
    summary: 'There is no such trace',
    remedy:
      'Take an id from /api/v1/traces. A trace is there some seconds after its first event was accepted, and for 90 days after its last one.',
  },
  'observe.unknown-agent': {
    summary: 'There is no day of such an agent',
    remedy:
      'Take a name from /api/v1/metrics/summary. An agent has a day once a task of it has ended or it has sent a heartbeat.',
  },
  'observe.tables-opening': {
    summary: 'The tables are still being opened',
    remedy:
      'Ask again in some seconds. The first time the embedded database is made, which takes longer on a busy machine; /api/v1/health says when it is open.',
  },
  'observe.query-timeout': {
    summary: 'The tables did not answer in time',
    remedy:
      'Ask for less: a smaller `limit`, or a `status`, `since` and `until`. If that does not help, /api/v1/health says how the database is.',
  },
  'observe.tables-disagree': {
    summary: 'What the tables hold for computing their rows does not fit together',
    remedy:
      'The tables were changed by another program, or restored in part. Build them again: `chronicle observe replay --from beginning` shows what differs and puts the rebuilt ones in force when you agree.',
  },
  'observe.replay-running': {
    summary: 'The tables are being rebuilt already',
    remedy:
      'Wait until it has ended (GET /api/v1/observe/replay on the server that does it), or end it there: `chronicle observe replay --cancel`. Then ask again.',
  },
  'observe.replay-not-found': {
    summary: 'Nobody has asked this server to rebuild its tables since it started',
    remedy: 'Ask for it: `chronicle observe replay --from beginning`.',
  },
  'observe.replay-not-waiting': {
    summary: 'The rebuild does not wait for a decision',
    remedy:
      'It can be put in force once it has compared, when it was asked to wait with `"swap": "ask"`, and for 15 minutes. Its state says where it is.',
  },
  'observe.tables-in-use': {
    summary: 'Something in the database hangs on the tables, and would stay with those that are replaced',
    remedy:
      'Drop what is named, rebuild, and create it again for the new tables; `--dry-run` compares without replacing anything. The tables are as they were.',
  },
  'observe.schema-taken': {
    summary: 'The database has a schema under a name that a rebuild needs',
    remedy: 'It was not made by Chronicle and was not touched. Rename it: alter schema … rename to ….',
  },
  'observe.shadow-missing': {
    summary: 'The rebuilt tables are gone before they could be put in force',
    remedy:
      'Another server on the same database has removed them, or somebody has. The tables are as they were; see that one server at a time works on a database, and rebuild again.',
  },
  'observe.positions-moved': {
    summary:
      'The tables are not where the batch begins: they lost commits, were restored, or somebody else has written to them',
    remedy:
      'Nothing is lost: the log is read again from where the tables are by now, as far as it reaches back. Where this goes on, two servers work on one database: let one of them do so.',
  },
  'observe.invalid-database-url': {
    summary: 'DATABASE_URL is not accepted',
    remedy:
      'Write it in the form that is named, special characters of the password percent-encoded; a certificate that it names has to be there, and sslmode=verify-ca needs sslrootcert.',
  },
  'observe.database-unavailable': {
    summary: 'The database cannot be reached, or cannot do this at present',
    remedy:
      'Nothing is lost: events wait in the log, and the tables follow when the database is back. Look at its log and at the network; the SQLSTATE or reason says where.',
  },
  'observe.database-refused': {
    summary: 'The database refused, and would refuse again',
    remedy:
      'Look the SQLSTATE up (PostgreSQL, appendix A): 28 is user or password, 3D the name of the database, 42501 a missing permission, 42P01 or 42703 tables that somebody changed. Events wait in the log meanwhile.',
  },
  'observe.data-refused': {
    summary: 'A value was refused by the database',
    remedy:
      'The SQLSTATE says why (PostgreSQL, appendix A, classes 22, 23 and 54), the names where. The event is in the dead letters.',
  },
  'observe.schema-newer': {
    summary: 'The tables of the database were made by a newer program',
    remedy:
      'Start that version or a newer one. An older one would not know what the newer tables mean, and has touched nothing.',
  },
  'observe.schema-differs': {
    summary: 'The database got another migration under the number of one of ours',
    remedy:
      'Restore the SQL file as it was released, or use an empty database: the events in the log fill it again. Nothing was touched.',
  },
  'observe.secrets-unavailable': {
    summary: 'The secrets API does not answer',
    remedy:
      'It is asked again until it does; events wait in the log meanwhile. Look whether ALEXANDRIA_URL leads there, or set the variable that is named and it is not asked for.',
  },
  'observe.secret-refused': {
    summary: 'The secrets API does not give the secret',
    remedy:
      'Put a secret of this name there and let the agent `chronicle` read it, or set the variable that is named; it is asked for again. Unset ALEXANDRIA_URL where no secrets API is meant to be asked.',
  },
  'observe.invalid-nats-url': {
    summary: 'NATS_URL is not accepted',
    remedy:
      'Write it in the form that is named, special characters of user and password percent-encoded. Its text is not shown, for it may hold a password.',
  },
  'observe.nats-stream-missing': {
    summary: 'A stream of the swarm is not on the NATS server',
    remedy:
      'It is waited for, as CHRONICLE_OBSERVE_NATS_STREAMS=wait asks. Create it, or set `create`, and it is made.',
  },
  'observe.invalid-otlp': {
    summary: 'The body is no OTLP export request that can be read',
    remedy:
      'Send an ExportTraceServiceRequest, as protobuf with Content-Type application/x-protobuf or as JSON with application/json. Nothing of it was taken.',
  },
  'observe.invalid-cursor': {
    summary: 'The cursor is none that this list gave',
    remedy: 'Take it from the Link header of the page before, as it is; without a cursor the list begins at its start.',
  },
})
