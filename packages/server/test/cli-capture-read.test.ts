import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { type Clock, seededRandom, systemClock } from '@chronicle/base'
import { defaultConfig, StorageModule } from '@chronicle/capture'
import { chroniclePath, runChronicle } from '@chronicle/testing'
import { runCommand } from './support/command-line.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-capture-read-'))
const databasePath = join(scratch, 'capture.db')
const start = Date.parse('2026-11-21T10:00:00Z')
const windowMs = 30_000
const windows = 40
/** What a person did, and beside it a program that sends much. */
const person = '6fa459ea-ee8a-4ca4-894e-db77e160355e'
const machine = '12345678-ee8a-4ca4-894e-db77e160355e'
const burst = 60_000
const title = 'a "letter",\nwith \u202eturned text'
const modifiers = { shift: false, ctrl: false, alt: false, meta: false }

type Sent = { id: string; timestamp: number; session_id: string; event_type: string; data: Record<string, unknown> }

const random = seededRandom(3)
const sent: Sent[] = []
let nowMs = start
let storage: StorageModule

function publish(event_type: string, data: Record<string, unknown>, timestamp = nowMs, session_id = person): Sent {
  const event = { id: random.uuid(), timestamp, session_id, event_type, data }
  storage.bus.publish(event)
  return event
}

before(async () => {
  const clock: Clock = { ...systemClock, now: () => nowMs }
  storage = await StorageModule.create({ ...defaultConfig, databasePath, clock })
  storage.bus.subscribeBatches(async batch => {
    if (Date.parse(batch.window_start) >= start + (windows - 2) * windowMs) throw new Error('not now')
    await storage.analysed(batch)
  })
  await storage.run()
  for (let at = 0; at < windows; at++) {
    nowMs = start + at * windowMs
    for (let key = 0; key < at % 8; key++)
      sent.push(publish('keystroke', { key_code: key, modifiers }, nowMs + key * 100))
    sent.push(publish('mouse_click', { x: at, y: 2, button: 'left', click_type: 'single' }, nowMs + 29_000))
    if (at === 20) sent.push(publish('note', { text: 'it comes late' }, start + 1))
    if (at === 30) publishScreenshot()
    await storage.flushed()
  }
  nowMs += 1_000
  for (let at = 0; at < burst; at++) publish('tick', { at }, nowMs - 60_000, machine)
  await storage.flushed()
  await until(() => storage.metrics().windows.deliveriesFailed > 0)
})

function publishScreenshot(): void {
  const screen_region = { x: 1, y: 2, width: 3, height: 4 }
  const metadata = { window_title: title, app_name: 'editor', screen_region, privacy_masked: false }
  publish('screenshot', { screenshot_id: random.uuid(), image: Buffer.alloc(100, 'pixels'), metadata })
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = systemClock.monotonic() + 20_000
  while (!condition()) {
    assert.ok(systemClock.monotonic() < deadline, 'it does not come about')
    await sleep(5)
  }
}

after(async () => {
  await storage.shutdown()
  rmSync(scratch, { recursive: true, force: true })
})

async function capture(args: readonly string[], columns?: number): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['capture', ...args, '--database', databasePath], { columns })
  assert.equal(code, 0, stderr)
  return stdout
}

async function lines(args: readonly string[]): Promise<Record<string, unknown>[]> {
  const text = await capture(['export', ...args])
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

test('windows: a picture of when there was how much, and the newest windows, beside a capture that runs', async () => {
  const shown = stripVTControlCharacters(await capture(['windows', '--session', '6fa4', '--limit', '3'], 110))
  assert.equal(
    `\n${shown}`,
    `
  2026-11-21 10:00 – 10:20 UTC
       ▂▅█     ▂▅█     ▂▅█     ▂██     ▂▅█
    ▁▄▇███  ▁▄▇███  ▁▇▇███  ▁▄▇███  ▁▄▇███
  ▃▆██████▃▆██████▃▆██████▃▆██████▃▆██████
  10:00   10:04   10:08   10:12   10:16
  A column is 30 s, the highest 8 events.
  182 events in 40 windows of 1 session · 1 late · 133 keys · 39 clicks · 1 screenshot · idle 96 %

START (UTC)     SESSION   EVENTS  LATE  KEYS  CLICKS  IDLE        SHOTS  LENGTH  STATE
11-21 10:19:30  6fa459ea       8     0                                     30 s  ● open
11-21 10:19:00  6fa459ea       7     0     6       1  █████ 95 %      0    30 s  ● built, 1 try failed
11-21 10:18:30  6fa459ea       6     0     5       1  █████ 95 %      0    30 s  ✓ delivered
`,
  )
})

test('windows: it fits the terminal, has colours there alone, and says what there is not', async () => {
  const coloured = await capture(['windows'], 60)
  assert.notEqual(coloured, stripVTControlCharacters(coloured))
  const narrow = stripVTControlCharacters(await capture(['windows', '--state', 'delivered'], 60))
  for (const line of narrow.split('\n').slice(1)) assert.ok(line.length <= 60, line)
  const half = await capture(['windows', '--since', '2026-11-21T10:18:00Z', '--until', '2026-11-21T10:18:30Z'])
  assert.match(half, /^ {2}2026-11-21 10:18 – 10:19 UTC\n/, 'half a minute is no empty range')
  const piped = await capture(['windows'])
  assert.equal(piped, stripVTControlCharacters(piped))
  const run = (...args: string[]) => runCommand(['capture', 'windows', ...args, '--database', databasePath])
  const late = await run('--since', '2026-11-22')
  assert.deepEqual([late.code, late.stdout], [0, ''])
  assert.match(late.stderr, /^No such windows. The newest one ends at 2026-11-21 10:20:00 UTC./)
  const around = ['--since', '2026-11-21T10:09:30Z', '--until', '2026-11-21T10:10:00Z', '--session', person]
  assert.match(
    (await run(...around)).stdout,
    /\n11-21 10:09:30 +6fa459ea +5 +1 +3 +1 +█+ \d+ % +0 +30 s +✓ delivered\n$/,
  )
  assert.match((await run('--limit', '2')).stderr, /The newest 2; --limit takes more./)
})

test('windows --json: what is stored, in the names of the bus', async () => {
  const json = async (...args: string[]) => JSON.parse(await capture(['windows', '--json', ...args]))
  const [built, ...others] = await json('--state', 'built')
  assert.deepEqual(others, [])
  assert.deepEqual([built.window_start, built.events, built.attempts], ['2026-11-21T10:19:00.000Z', 7, 1])
  assert.deepEqual(built.counts, { keystroke: 6, mouse_click: 1 })
  const some = await json('--since', '2026-11-21T10:05:00Z', '--until', '2026-11-21T10:06:00Z', '--session', person)
  assert.deepEqual(
    some.map((window: { window_start: string }) => window.window_start.slice(11, 19)),
    ['10:05:30', '10:05:00'],
  )
})

test('export: every event as it was published, in the order of their times', async () => {
  const found = await lines(['--session', '6fa459ea'])
  const times = found.map(({ timestamp }) => timestamp as string)
  assert.deepEqual(times, times.toSorted())
  const notes = found.filter(({ event_type }) => event_type !== 'screenshot')
  const asSent = notes.map(({ late: _, window_start: __, timestamp, ...event }) => ({
    ...event,
    timestamp: Date.parse(timestamp as string),
  }))
  const byId = (events: readonly object[]) => events.toSorted((a, b) => ((a as Sent).id < (b as Sent).id ? -1 : 1))
  assert.deepEqual(byId(asSent), byId(sent))
  const [late, ...others] = found.filter(event => event.late)
  assert.deepEqual([late?.timestamp, late?.window_start], ['2026-11-21T10:00:00.001Z', '2026-11-21T10:09:30.000Z'])
  assert.deepEqual(others, [])
  const clicks = await lines([
    '--type',
    'mouse_click',
    '--type',
    'note',
    '--from',
    '2026-11-21T10:10:00Z',
    '--to',
    '2026-11-21',
  ])
  assert.equal(clicks.length, 20)
})

test('export: CSV has columns, with quotes where they are needed', async () => {
  const [head, row, ...more] = (await capture(['export', '--what', 'screenshots', '--format', 'csv'])).split('\r\n')
  assert.match(head!, /^screenshot_id,event_id,session_id,timestamp,app_name,window_title,screen_region_x,/)
  assert.match(row!, /,editor,"a ""letter"",\nwith \u202eturned text",1,2,3,4,false,/)
  assert.match(row!, /,100,[0-9a-f]{64},,,,unknown-format,/)
  assert.deepEqual(more, [''])
  const onTerminal = await capture(['export', '--what', 'screenshots', '--format', 'csv'], 100)
  assert.match(onTerminal, /letter"",\\nwith \\u202eturned/, 'what stands in a title does not move the cursor')
  const days = await capture(['export', '--what', 'aggregates', '--by', 'day', '--session', person, '--format', 'csv'])
  assert.match(days, /\r\nday,2026-11-21T00:00:00.000Z,6fa459ea-[-0-9a-f]{27},174,133,39,0,0,"\{""/)
  const events = await capture(['export', '--type', 'note', '--format', 'csv'])
  assert.match(events, /,note,true,2026-11-21T10:09:30.000Z,"\{""text"":""it comes late""\}"\r\n$/)
  assert.equal((await lines(['--what', 'windows', '--session', person])).length, windows)
})

test('export: never the bytes of an image', async () => {
  for (const what of ['events', 'screenshots']) {
    const text = await capture(['export', '--what', what, '--session', person])
    assert.ok(text.includes('"window_title":"a \\"letter\\"'))
    assert.ok(!text.includes('pixels') && !text.includes(Buffer.from('pixelspixels').toString('base64')))
  }
})

test('export: a file is for its owner alone, whole, and not replaced unasked', async () => {
  const directory = join(scratch, 'out')
  mkdirSync(directory)
  const output = join(directory, 'day.ndjson')
  const run = (...args: string[]) =>
    runCommand(['capture', 'export', '--session', person, '--output', output, '--database', databasePath, ...args])
  const { code, stdout } = await run()
  assert.equal(code, 0)
  assert.match(stdout, /^Exported 182 events to .*day.ndjson \(\d+.* KB\)\.\n$/)
  assert.equal(statSync(output).mode & 0o777, 0o600)
  assert.equal(readFileSync(output, 'utf8').split('\n').length, 183)
  writeFileSync(output, 'mine')
  const refused = await run()
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /The output is there already/)
  assert.equal(readFileSync(output, 'utf8'), 'mine')
  assert.equal((await run('--force')).code, 0)
  assert.equal(readFileSync(output, 'utf8').split('\n').length, 183)
  assert.deepEqual(readdirSync(directory), ['day.ndjson'])
  const elsewhere = await run('--output', join(directory, 'no', 'such', 'place'))
  assert.match(elsewhere.stderr, /The output cannot be written[\s\S]*no such file or directory/)
})

test('export: what is damaged is left out, named and told by the exit code', async () => {
  const copy = join(scratch, 'copy.db')
  for (const suffix of ['', '-wal', '-vault'])
    cpSync(`${databasePath}${suffix}`, `${copy}${suffix}`, { recursive: true })
  const database = new DatabaseSync(copy)
  database.exec('UPDATE event_blocks SET payload = zeroblob(100) WHERE block_id = 1')
  database.exec('UPDATE screenshots SET about = zeroblob(100)')
  const { events } = database.prepare('SELECT events FROM event_blocks WHERE block_id = 1').get()!
  database.close()
  const { code, stdout, stderr } = await runCommand(['capture', 'export', '--session', person, '--database', copy])
  assert.equal(code, 1)
  assert.equal(stdout.split('\n').length - 1, 182 - Number(events))
  const shots = await runCommand(['capture', 'export', '--what', 'screenshots', '--database', copy])
  const { window_title, size_bytes } = JSON.parse(shots.stdout)
  assert.deepEqual([shots.code, window_title, size_bytes], [1, undefined, 100])
  assert.match(shots.stderr, /^× Left out: program and title of 1 screenshot, which/)
  assert.match(stderr, /^× Left out: 1 event in 1 damaged block, which cannot be read any more.\n/)
  assert.match(
    stderr,
    /\n {4}window 2026-11-21T10:00:00.000Z of session 6fa459ea-\S+, block 1: 1 event; its version is 0\n/,
  )
})

test('export and windows: what cannot be is refused with what to do', async () => {
  for (const [args, code, message] of [
    [['export', '--what', 'windows', '--type', 'note'], 2, /--type\s+because +it chooses among events/],
    [['export', '--by', 'day'], 2, /--by\s+because +it is for --what aggregates/],
    [['export', '--force'], 2, /there is no --output/],
    [['export', '--session', '99999999'], 2, /no session in the database begins so/],
    [['windows', '--session', 'what'], 2, /Accepted: a UUID, or at least its first four characters/],
    [['export', '--database', join(scratch, 'none.db')], 1, /There is no database of capture here[\s\S]*--database/],
    [['windows', '--database', scratch], 1, /is something else/],
  ] as const) {
    const given = (args as readonly string[]).includes('--database') ? [] : ['--database', databasePath]
    const result = await runCommand(['capture', ...args, ...given])
    assert.equal(result.code, code, result.stderr)
    assert.match(result.stderr, message)
  }
  assert.ok(!existsSync(join(scratch, 'none.db')))
})

test('export as a process: who stops reading ends it without a word', async () => {
  const args = [chroniclePath, 'capture', 'export', '--database', databasePath]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', piece => (said += piece))
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [code] = await once(child, 'exit')
  assert.deepEqual([code, said], [0, ''])
})

test('export as a process: Ctrl-C leaves nothing under any name', async () => {
  const directory = join(scratch, 'interrupted')
  mkdirSync(directory)
  const args = [chroniclePath, 'capture', 'export', '--database', databasePath, '--output', join(directory, 'all')]
  const child = spawn(process.execPath, args, { stdio: 'ignore' })
  await until(() => readdirSync(directory).length > 0)
  assert.match(readdirSync(directory)[0]!, /\.partial$/)
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  assert.deepEqual([code, readdirSync(directory)], [130, []])
})

test('the two commands as processes', async () => {
  const run = (...args: string[]) => runChronicle(['capture', ...args, '--database', databasePath], { cwd: scratch })
  const exported = await run('export', '--output', 'all.ndjson')
  assert.deepEqual([exported.code, exported.stderr], [0, ''])
  assert.match(exported.stdout, /^Exported 60,182 events to all.ndjson/)
})
