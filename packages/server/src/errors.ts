import { errorFamily } from '@chronicle/base'

/** Everything that the process, the HTTP interface and the command line refuse by themselves. */
export const serverErrors = errorFamily('server', {
  'server.port-in-use': {
    summary: 'Another program already listens on this port',
    remedy: 'Stop that program, or choose another port with the flag, variable or key that is named.',
  },
  'server.port-not-permitted': {
    summary: 'This user may not listen on this port',
    remedy: 'Choose a port above 1023 with the flag or variable that is named.',
  },
  'server.address-not-available': {
    summary: 'The address to listen on does not belong to this machine',
    remedy:
      'Choose an address of this machine with the flag or variable that is named: 127.0.0.1 for this machine alone, 0.0.0.0 for all.',
  },
  'server.advertised-address-missing': {
    summary: 'Listening on all addresses needs an address to tell clients',
    remedy:
      'Give the name or address under which clients reach this machine: --advertised-addr NAME, or CHRONIK_ADVERTISED_ADDR.',
  },
  'server.data-directory-unusable': {
    summary: 'The data directory cannot be written',
    remedy: 'Choose another directory with --data-dir or CHRONIK_DATA_DIR, or give this user the right to write there.',
  },
  'server.data-directory-locked': {
    summary: 'Another process works on this data directory',
    remedy:
      'Stop that process, or choose another directory with --data-dir: two processes on one log would destroy it.',
  },
  'server.no-data-directory': {
    summary: 'There is no data here',
    remedy: 'Name the data directory of a server: `chronicle fsck DIR`, or --data-dir.',
  },
  'server.tables-in-use': {
    summary: 'A running server has the embedded database of this data directory',
    remedy:
      'It applies the migrations itself when it opens its tables: `chronicle observe status` says how they are. To do it by hand stop the server first, or set DATABASE_URL.',
  },
  'server.cluster-not-available': {
    summary: 'This version runs alone: several brokers over one bucket are not built yet',
    remedy: 'Leave --cluster (old name: --raft) away. One process is durable by itself.',
  },
  'server.mode-not-available': {
    summary: 'This mode is not built yet',
    remedy: 'Use `chronicle start`. Search over the log will come with a later version.',
  },
  'server.unknown-command': {
    summary: 'There is no such command',
    remedy: '`chronicle --help` lists the commands.',
  },
  'server.invalid-argument': {
    summary: 'An argument is not accepted',
    remedy: 'Run the same command with --help to see what is accepted.',
  },
  'server.not-answered': {
    summary: 'No answer was given',
    remedy: 'Run the command again and answer, or give the answer by the flag or variable that its --help names.',
  },
  'server.passphrases-differ': {
    summary: 'The two passphrases are not the same',
    remedy: 'Run the command again; nothing was changed.',
  },
  'server.output-exists': {
    summary: 'The output is there already',
    remedy: 'Choose another name with --output, or replace it with --force.',
  },
  'server.output-unusable': {
    summary: 'The output cannot be written',
    remedy: 'Choose another place with --output, or give this user the right to write there.',
  },
  'server.no-keys-to-open': {
    summary: 'There is no key store here that opens files',
    remedy:
      'Name the data directory whose keys sealed them: --data-dir DIRECTORY. Of a file that was copied out of an archive that is ARCHIVE/metadata/keys.',
  },
  'server.sealed-under-another-name': {
    summary: 'The file was sealed under another name than it has now',
    remedy: 'If you renamed it yourself, add --renamed. If not, somebody may have put it in the place of another file.',
  },
  'server.sealed-elsewhere': {
    summary: 'This was not sealed by `chronicle seal`: it is a part of something larger',
    remedy: 'Ask the server for it: what it is and where it belongs is named.',
  },
  'server.no-such-archived-file': {
    summary: 'The archive has no such file',
    remedy: 'Give a path as `chronicle archive ls` prints it, or a glob over those paths, in quotes.',
  },
  'server.output-in-archive': {
    summary: 'The output would lie in the archive',
    remedy: 'Choose a directory outside: the packer removes what it has not written itself.',
  },
  'server.key-needed': {
    summary: 'Whose signature this has to be is not known here',
    remedy:
      'Give the public key with --key: its owner prints it with `chronicle vault export-public-key`. Take it from the owner, not from where the proof came.',
  },
  'server.nothing-to-verify': {
    summary: 'There is nothing here that can be verified',
    remedy: 'Give a .tlog-proof, a checkpoint, a sealed file, an exported session or the id of a session.',
  },
  'server.unreadable-input': {
    summary: 'The input cannot be read',
    remedy: 'Check the path and who may read it.',
  },
  'server.invalid-line': {
    summary: 'A line of the input is not accepted',
    remedy:
      'Correct the line, or give the --key-separator that the lines have. What stands before it may be written already.',
  },
  'server.no-private-place': {
    summary: 'There is no private place for plain bytes that are to be read',
    remedy:
      'Make room in /dev/shm or where the archive is, or read less at once: `chronicle archive` takes --from, --to and --path.',
  },
  'server.too-much-to-open': {
    summary: 'The query is over more than may be opened at once',
    remedy:
      'Narrow it with --from, --to or --path, or allow more with --opened-max: it takes memory, or room on the disk.',
  },
  'server.query-failed': {
    summary: 'The query failed',
    remedy: '`chronicle archive sql "SHOW TABLES"` shows what there is to ask, "DESCRIBE events" the columns.',
  },
  'server.query-not-accepted': {
    summary: 'A query reads the archive and does nothing else: no other file, no extension, no setting',
    remedy:
      'Keep to SELECT, and to tables and views of its own. To keep a result: chronicle archive sql --csv QUERY > FILE.',
  },
  'server.query-needs-memory': {
    summary: 'The query takes more memory than it may',
    remedy:
      'Narrow it, with --from and --to or in its WHERE, or allow more with --memory. Nothing is put on a disk for it.',
  },
  'server.query-interrupted': {
    summary: 'The query was interrupted',
    remedy: 'Run it again, over less with --from and --to if it took too long.',
  },
  'server.sql-not-available': {
    summary: 'DuckDB, which answers queries, is not installed for this machine',
    remedy: 'Run `npm ci` where Chronicle is installed. DuckDB has binaries for Linux and macOS on x64 and arm64.',
  },
  'server.no-server': {
    summary: 'No server answers at this address',
    remedy: 'Start one with `chronicle start`, or name another with --bootstrap HOST:PORT or CHRONICLE_BOOTSTRAP.',
  },
  'server.frames-ring-full': {
    summary: 'The ring of the packer has no room for a screenshot',
    remedy:
      'Let the packer run: `chronicle-packer process`. If it fills up before each run, give ring_buffer.size more or scheduling.backup_threshold less.',
  },
  'server.no-answer': {
    summary: 'No server answers over HTTP at this address',
    remedy: 'Start one with `chronicle start`, or give the --http-port and settings that it was started with.',
  },
  'server.no-http-server': {
    summary: 'No server answers at this URL',
    remedy: 'Start one with `chronicle start`, or name another with --url http://HOST:PORT or CHRONICLE_URL.',
  },
  'server.request-refused': {
    summary: 'The server refused the request',
    remedy: "Do what the server's message says; the log of the server and its /health may say more.",
  },
  'server.topic-not-found': {
    summary: 'There is no such topic',
    remedy: 'List the topics with `chronicle topics list`, or create it with `chronicle topics create`.',
  },
  'server.group-not-found': {
    summary: 'There is no such consumer group',
    remedy: 'List the groups with `chronicle groups list`.',
  },
  'server.offset-not-there': {
    summary: 'The partition has no record at this offset',
    remedy: 'Choose an offset in the range that is named, or leave --offset away.',
  },
  'server.rebuild-failed': {
    summary: 'The tables were not rebuilt',
    remedy: 'They are as they were. Follow the advice of the server, and ask again.',
  },
  'server.not-found': {
    summary: 'There is nothing at this path',
    remedy: 'See /api/v1/openapi.json for what there is.',
  },
  'server.bad-request': {
    summary: 'The HTTP request is not accepted',
    remedy: 'Compare the request with /api/v1/openapi.json.',
  },
  'server.host-not-accepted': {
    summary: 'The request names a host that is not this machine',
    remedy:
      'Use http://localhost with the port of the server: pages of other sites may not reach it through a name of theirs.',
  },
  'server.origin-not-accepted': {
    summary: 'The request comes from a page of another site',
    remedy: 'Only programs, and pages of this server, may change anything here.',
  },
  'server.request-timed-out': {
    summary: 'The request did not arrive in time',
    remedy: 'Send it again, faster or in smaller pieces.',
  },
  'server.body-too-large': {
    summary: 'The body of the request is larger than what is accepted',
    remedy:
      'Send less at once. A large chunk is sent best as raw bytes: PUT /api/v1/sessions/{session_id}/chunks/{chunk_index}.',
  },
  'server.too-many-followers': {
    summary: 'As many clients follow the events as may at once',
    remedy: 'Close a stream that nobody looks at, and try again after the time in Retry-After.',
  },
  'server.encoding-not-accepted': {
    summary: 'The body of the request is of a type, or compressed in a way, that is not read here',
    remedy: 'Send it in one of those that are named.',
  },
  'server.busy': {
    summary: 'As many requests are being worked on as the memory for them takes',
    remedy: 'Send the request again after the time in Retry-After; nothing of it was kept.',
  },
  'server.confirmation-missing': {
    summary: 'Deleting a session destroys its key for good, so it is asked twice',
    remedy: 'Send the request again with ?confirm= and the session id if its chunks shall never be read again.',
  },
  'server.internal-error': {
    summary: 'The request failed inside the server',
    remedy: 'The log of the server says what happened.',
  },
})
