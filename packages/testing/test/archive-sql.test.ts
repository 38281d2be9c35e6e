import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { days, done, emptyDirectory, entries, refusedRows, rows } from '../../packer/test/archive-commands-support.ts'
import type { EventRow } from '../../packer/test/intake-support.ts'
import { chroniclePath } from '../src/index.ts'
import { filledHere, type InstallationHere } from './archive-commands-here.ts'

let made: InstallationHere
before(async () => {
  made = await filledHere('sql')
})

const sql = (...args: string[]) => made.archive('sql', ...args)
const sqlProcess = (...args: string[]) => made.archiveProcess('sql', ...args)

/** As `--jsonl` prints an event: JSON that came is JSON again, its line feeds as spaces. */
function lineOf({ timestamp_ns, data, ...rest }: EventRow): string {
  const { event_type, app_bundle_id, window_title, session_id, event_id } = rest
  const text = (value: string | null) => JSON.stringify(value)
  const fields = [
    `"timestamp_ns":${timestamp_ns}`,
    `"event_type":${text(event_type)}`,
    `"app_bundle_id":${text(app_bundle_id)}`,
    `"window_title":${text(window_title)}`,
    `"data":${data!.replace(/[\r\n]/g, ' ')}`,
    `"session_id":${text(session_id)}`,
    `"event_id":${text(event_id)}`,
  ]
  return `{${fields.join()}}\n`
}

test('the events that a query gives are those that were packed, to the nanosecond and the last digit of their data', async () => {
  const printed = await done(sqlProcess('--jsonl', 'SELECT * EXCLUDE (time) FROM events ORDER BY timestamp_ns'))
  assert.equal(printed, rows.map(lineOf).join(''))
  const times = JSON.parse(await done(sql('--json', 'SELECT min(time) AS first, max(time) AS last FROM events')))
  assert.deepEqual(times, [{ first: `${days[0]} 12:00:00+00`, last: `${days[2]} 12:00:39+00` }])
})

test('files, frames and quarantine are tables as well', async () => {
  const listed = await entries(made)
  const files = JSON.parse(await done(sql('--json', 'SELECT path, kind, rows, bytes FROM files ORDER BY path')))
  const expected = listed.map(({ path, kind, rows = null, bytes }) => ({ path, kind, rows, bytes }))
  assert.deepEqual(
    files,
    expected.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  )
  const frames = JSON.parse(await done(sql('--json', 'SELECT width, height, time FROM frames')))
  assert.deepEqual(frames, [{ width: 40, height: 30, time: `${days[1]} 12:00:00+00` }])
  const refused = JSON.parse(await done(sql('--json', 'SELECT reason, row FROM quarantine')))
  assert.equal(refused.length, refusedRows.length)
  for (const { reason } of refused) assert.match(reason, /json/)
})

test('--from, --to and --path leave out events, and files are not even opened', async () => {
  const copy = emptyDirectory('sql-pruned')
  cpSync(made.base, copy, { recursive: true })
  const [first, second] = (await entries(made, '--kind', 'parquet')).map(({ path }) => path)
  truncateSync(join(copy, first!), 100)
  const ask = (...args: string[]) => sql('--csv', '--base-path', copy, ...args)
  const damaged = await ask('SELECT count(*) FROM events')
  assert.equal(damaged.code, 1)
  assert.match(damaged.stderr, /is not the one that was written[\s\S]*bytes: found 100/)
  const count = 'SELECT count(*) AS n FROM events'
  assert.equal(await done(ask('--from', days[1], '--to', days[1], count)), 'n\n40\n')
  assert.equal(await done(ask('--path', second!, count)), 'n\n40\n')
  assert.equal(await done(ask('--from', `${days[1]}T12:00:20Z`, '--to', days[1], count)), 'n\n20\n')
  assert.equal(await done(ask('--from', '2027-01-01', count)), 'n\n0\n')
})

test('a result is a table, CSV, JSON or lines of JSON, and NULL is told from nothing', async () => {
  const query = "SELECT 1 AS n, NULL AS nothing, '' AS empty, 'a,\"b' AS text; SELECT 2 AS m WHERE false"
  assert.equal(await done(sql('--csv', query)), 'n,nothing,empty,text\n1,,"","a,""b"\nm\n')
  assert.equal(await done(sql('--jsonl', query)), '{"n":1,"nothing":null,"empty":"","text":"a,\\"b"}\n')
  assert.equal(await done(sql('--json', query)), '[\n{"n":1,"nothing":null,"empty":"","text":"a,\\"b"}\n]\n[]\n')
  assert.equal(await done(sql(query)), 'n  nothing  empty  text\n1     NULL         a,"b\nm\n')
  const both = await sql('--csv', '--json', query)
  assert.equal(both.code, 2)
})

test('a query comes as an argument, from a file or over standard input', async () => {
  const file = join(made.home, 'query.sql')
  writeFileSync(file, 'SELECT 1 AS a;\n-- and\nSELECT 2 AS b')
  assert.equal(await done(sql('--csv', '--file', file)), 'a\n1\nb\n2\n')
  const piped = made.run(['archive', 'sql', '--csv', '--config', made.config], { input: 'SELECT 3 AS c' })
  assert.equal(await done(piped), 'c\n3\n')
  for (const refused of [
    await sql('--file', file, 'SELECT 1'),
    await made.runHere(['archive', 'sql', '--config', made.config], { input: '\n' }),
    await sqlProcess('--opened-max', 'much', 'SELECT 1'),
  ]) {
    assert.equal(refused.code, 2, refused.stderr)
    assert.equal(refused.stdout, '')
  }
  const missing = await sql('--file', join(made.home, 'none.sql'))
  assert.match(missing.stderr, /The input cannot be read/)
})

test('what fails is said in words, with exit code 1, behind what came before it', async () => {
  const wrong = await sqlProcess('--csv', 'SELECT 1 AS a; SELECT nothing FROM events')
  assert.deepEqual([wrong.code, wrong.stdout], [1, 'a\n1\n'])
  assert.match(wrong.stderr, /error: The query failed[\s\S]*Binder Error[\s\S]*"nothing"[\s\S]*→ /)
  const reading = await sql("FROM read_text('/etc/passwd')")
  assert.equal(reading.code, 1)
  assert.match(reading.stderr, /A query reads the archive and does nothing else[\s\S]*Permission Error[\s\S]*→ /)
  const bytes = (await entries(made)).filter(({ kind }) => kind !== 'heif').reduce((sum, each) => sum + each.bytes, 0)
  const much = await sql('--opened-max', '1000', 'SELECT 1')
  assert.equal(much.code, 1)
  assert.match(
    much.stderr,
    new RegExp(`more than may be opened at once[\\s\\S]*bytes +${bytes}\\n[\\s\\S]*1000 bytes[\\s\\S]*--from`),
  )
  const memory = await sqlProcess(
    '--memory',
    '32MB',
    'SELECT count(*) FROM (SELECT hash(i) AS h FROM range(9000000) t(i) ORDER BY h)',
  )
  assert.equal(memory.code, 1)
  assert.match(memory.stderr, /more memory than it may[\s\S]*--memory/)
})

test('an archive without encryption, and one in the encryption of Parquet itself, are asked alike', async () => {
  const query =
    "SELECT count(*) AS n, max(timestamp_ns) AS last, count(*) FILTER (data->>'number' = '7') AS sevens FROM events"
  const answer = `n,last,sevens\n${rows.length},${rows.at(-1)!.timestamp_ns},3\n`
  assert.equal(await done(sql('--csv', query)), answer)
  for (const settings of [{ 'encryption.enabled': false }, { 'encryption.parquet': 'modular' }]) {
    const other = await filledHere('sql-other', settings)
    assert.equal(await done(other.archive('sql', '--csv', query)), answer, JSON.stringify(settings))
  }
})

const hasScript = spawnSync('script', ['--version']).status === 0

test('on a terminal it asks: over several lines, after mistakes, until the person leaves', {
  skip: !hasScript,
  timeout: 120_000,
}, async () => {
  const words = [process.execPath, chroniclePath, 'archive', 'sql', '--config', made.config]
  const env = { ...process.env, HOME: made.home, XDG_CONFIG_HOME: join(made.home, 'config'), NO_COLOR: '1' }
  const command = words.map(word => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const typed: (readonly [prompt: string, text: string])[] = [
    ['sql> ', 'SELECT count(*) AS events,\n'],
    ['...> ', "  ';' AS semicolon FROM events;\n"],
    ['sql> ', 'SELEC;\n'],
    ['sql> ', 'SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 7;\n'],
    ['interrupted', ''],
    ['sql> ', 'SELECT half'],
    // Ctrl-C while something is typed.
    ['SELECT half', '\x03'],
    ['sql> ', '.tables\n'],
    ['sql> ', '.nothing\n'],
    ['sql> ', '\x04'],
  ]
  let [shown, seen] = ['', 0]
  child.stdout.on('data', piece => {
    shown += piece
    // A piece may hold several of them.
    for (let at: number; typed[0] && (at = shown.indexOf(typed[0][0], seen)) >= 0; ) {
      const [prompt, text] = typed.shift()!
      seen = at + prompt.length
      child.stdin.write(text)
    }
  })
  // Ctrl-C while the query runs: again, for the first one may come before it does.
  const impatient = setInterval(() => {
    if (typed[0]?.[0] === 'interrupted') child.stdin.write('\x03')
  }, 300)
  const [code] = await once(child, 'close')
  clearInterval(impatient)
  assert.deepEqual(typed, [], shown)
  assert.equal(code, 0, shown)
  assert.match(shown, /events {2}semicolon\r\n +120 {2};\r\n1 row\r\n/)
  assert.match(shown, /The query failed[\s\S]*syntax error at or near "SELEC"/)
  assert.match(shown, /\r\ninterrupted\r\n/)
  assert.match(shown, /name\r\nevents\r\nfiles\r\nframes\r\nquarantine\r\n4 rows/)
  assert.match(shown, /There is no \.nothing/)
})

test('the use of keys is on record, and a question changes nothing in the archive', async () => {
  const before = readFileSync(join(made.base, 'metadata/files.json'))
  await done(sql('SELECT 1'))
  assert.deepEqual(readFileSync(join(made.base, 'metadata/files.json')), before)
})
