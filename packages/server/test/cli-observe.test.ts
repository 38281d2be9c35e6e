import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { type ChronicleProcess, spawnChronicle, startChronicle } from '@chronicle/testing'
import { widthOf } from '../src/cli/text-width.ts'
import { type CommandResult, runCommand } from './support/command-line.ts'

let server: ChronicleProcess
before(async () => {
  server = await startChronicle({ hasEmptyTables: true, env: { BATCH_FLUSH_INTERVAL_MS: '20' } })
})
after(async () => {
  await server.stop()
})

function url(): string {
  return `http://127.0.0.1:${server.httpPort}`
}

function run(args: readonly string[], input?: string | Uint8Array, columns?: number): Promise<CommandResult> {
  const named = args.includes('--url') ? args : [...args, '--url', url()]
  return runCommand(['observe', ...named], { ...(input && { input }), ...(columns && { columns }) })
}

async function done(args: readonly string[], input?: string, columns?: number): Promise<string> {
  const { code, stdout, stderr } = await run(args, input, columns)
  assert.equal(code, 0, stdout + stderr)
  return stdout
}

type Event = Readonly<Record<string, unknown>>
const startMs = Date.now() - 60_000

function task(id: string, ...events: readonly (readonly [number, string, Event?])[]): string {
  const line = ([ms, type, metadata = {}]: readonly [number, string, Event?]): string =>
    JSON.stringify({
      trace_id: id,
      event_type: type,
      source: 'dispatch',
      timestamp: new Date(startMs + ms).toISOString(),
      metadata,
    })
  return events.map(event => `${line(event)}\n`).join('')
}

/** Sends lines and resolves when the tables have as many traces. */
async function sendTraces(lines: string, traces: number): Promise<void> {
  await done(['send'], lines)
  for (;;) {
    const { buffer_size, database } = JSON.parse((await run(['status', '--json'])).stdout)
    // The embedded database takes seconds to open on a busy machine, and a query does not wait for longer than some.
    if (buffer_size > 0 || database.state !== 'open') continue
    const listed = JSON.parse(await done(['traces', '--json', '--limit', '1000']))
    if (listed.length >= traces) return
  }
}

const hostile = 'evil \x1b[2J\u009b31m\r\n\u202etitle'

test('events go in and come out as traces, drawn, filtered and as JSON', async () => {
  await sendTraces(
    [
      task(
        'done-1',
        [0, 'task.created', { title: hostile, owner: 'ops' }],
        [1_000, 'task.assigned', { agent: 'kai' }],
        [2_000, 'task.started'],
        [5_000, 'note'],
        [10_000, 'task.completed'],
      ),
      task('failed-1', [0, 'task.created', { title: 'second' }], [1_500, 'task.failed', { error: 'exit code 3' }]),
      task('waiting-1', [0, 'task.created', { title: 'third' }]),
    ].join(''),
    3,
  )
  const table = await done(['traces'])
  assert.match(table, /^TRACE +TITLE +STATUS +AGENT +STARTED \(UTC\) +TOOK +SPANS\n/)
  assert.match(table, /^done-1 .*✓ completed +kai +\d\d-\d\d \d\d:\d\d:\d\d +8\.0 s +5$/m)
  assert.match(table, /^failed-1 +second +✗ failed /m)
  const failed = JSON.parse(await done(['traces', '--status', 'failed', '--json']))
  assert.deepEqual(
    failed.map((trace: { trace_id: string }) => trace.trace_id),
    ['failed-1'],
  )
  assert.match(await done(['traces', '--agent', 'kai']), /\ndone-1 /)
  assert.equal((await done(['traces', '--limit', '1'])).split('\n').length, 3)
  assert.equal(JSON.parse(await done(['traces', '--owner', 'ops', '--since', '-2h', '--json'])).length, 1)
  assert.match((await run(['traces', '--until', '2026-01-01'])).stderr, /No such traces/)
  assert.match((await run(['traces', '--agent', 'nobody'])).stderr, /No such traces/)

  const picture = await done(['trace', 'done-1'])
  assert.match(picture, /status +✓ completed\n.*agent +kai\n.*owner +ops\n.*picked up after 1\.0 s\n.*took +8\.0 s\n/s)
  assert.match(picture, / 2\.0 s {2}task\.started +dispatch +●━+ +8\.0 s\n/)
  assert.match(await done(['trace', 'failed-1']), /error +exit code 3\n[\s\S]*✗\n$/)
  assert.equal(JSON.parse(await done(['trace', 'done-1', '--json'])).spans.length, 5)
})

test('S30: nothing of an event moves the cursor of a terminal, in no form that it is shown in', async () => {
  const shown = [await done(['traces']), await done(['trace', 'done-1']), await done(['traces', '--json'])] as const
  for (const text of shown) {
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
    assert.match(text, /evil/)
  }
  assert.equal(
    JSON.parse(shown[2]).find((trace: { trace_id: string }) => trace.trace_id === 'done-1').task_title,
    hostile,
  )
})

test('no line is wider than the terminal, and a title gives way before the id of its trace', async () => {
  for (const columns of [50, 60, 80, 140]) {
    for (const args of [['traces'], ['trace', 'done-1'], ['letters', 'ls']]) {
      const lines = stripVTControlCharacters(await done(args, undefined, columns)).split('\n')
      const [head, ...table] = args[0] === 'trace' ? [] : lines
      for (const line of head === undefined ? lines.filter(each => /^ +[\d.]+ m?s /.test(each)) : [head, ...table]) {
        assert.ok(widthOf(line) <= columns, `${columns}: ${line}`)
      }
    }
  }
  const narrow = stripVTControlCharacters(await done(['traces'], undefined, 50))
  assert.match(narrow, /^TRACE +TITLE +STATUS +TOOK$/m)
  assert.match(narrow, /^done-1 +evil.*… +✓ completed/m)
})

test('agents have their day', async () => {
  const beat = { trace_id: 'beats', event_type: 'agent.heartbeat', source: 'kai' }
  await sendTraces(`${JSON.stringify({ ...beat, metadata: { uptime_ms: 60_000, busy_ms: 30_000 } })}\n`, 4)
  assert.match(await done(['agents']), /^kai +1 +0 +0 +8\.0 s +8\.0 s +1\.0 s +█████░░░░░ 50 %$/m)
  assert.match(await done(['agent', 'kai']), /completed +1\n[\s\S]*busy +█████░░░░░ 50 %, 30\.0 s of 1 min\n/)
  assert.equal(JSON.parse(await done(['agent', 'kai', '--json'])).tasks_completed, 1)
  assert.ok(JSON.parse(await done(['agents', '--json'])).length >= 1)
  assert.match((await run(['agents', '--day', '2020-01-01'])).stderr, /No agent .* on that day/)
  assert.match((await run(['agents', '--day', 'yesterday'])).stderr, /accepted: a day/)
})

test('status says that all is well', async () => {
  assert.match(
    await done(['status']),
    /^All is well .*\n[\s\S]*0 events of 10,000 wait[\s\S]*database +✓ open\n[\s\S]*alerts +✓ none\n$/,
  )
  assert.equal(JSON.parse(await done(['status', '--json'])).buffer_max_size, 10_000)
})

test('S31: send takes what it can, names the lines that are refused, and keeps them as dead letters', async () => {
  const good = (at: number) => `{"trace_id":"many","event_type":"step","metadata":{"at":${at}}}`
  const lines = [good(1), 'no JSON', '', '  ', '{"event_type":"x"}', good(2), `{"trace_id":"\\u0000","event_type":"y"}`]
  const { code, stdout, stderr } = await run(['send'], lines.join('\n'))
  assert.equal(code, 1)
  assert.match(stdout, /^Sent 2 events in .*, durably\. 3 lines refused\.\n$/)
  assert.match(stderr, /^line 2 is refused: .*\(not-json\)\nline 5 is refused: trace_id.*\nline 7 is refused: .*\n$/)
  const told = await run(['send', '--json'], 'no JSON\n')
  assert.equal(told.code, 1)
  assert.deepEqual(JSON.parse(told.stdout).refused[0].line, 1)
  assert.match(
    await done(['send'], Array.from({ length: 3_000 }, (_, at) => `${good(at)}\n`).join('')),
    /^Sent 3,000 events/,
  )
  assert.match(await done(['send'], ''), /^Sent 0 events/)
})

test('dead letters are listed without content, shown with it, and taken in again', async () => {
  const raw = Buffer.from('{"bad": "\x1b[2J\x80"', 'latin1')
  await run(['send'], raw)
  const letters = JSON.parse(await done(['letters', 'ls', '--json']))
  const { offset, reason, raw_bytes } = letters[0]
  assert.deepEqual([reason, raw_bytes], ['not-utf8', raw.length])
  assert.deepEqual(JSON.parse(await done(['letters', 'ls', '--reason', 'none', '--json'])), [])
  assert.match(await done(['letters', 'ls', '--limit', '2']), /^OFFSET .*\n +\d+ .*not-utf8 .*\n.*\n$/)
  assert.match(await done(['letters', 'show', `${offset}`]), /--raw gives them byte for byte/)
  const { stdout } = await run(['letters', 'show', `${letters.at(-1).offset}`])
  assert.match(stdout, /^Dead letter 0 .*\n[\s\S]*\nno JSON\n$/)
  const refused = await run(['letters', 'replay', `${offset}`, '0'])
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, new RegExp(`^✗ ${offset} .*\\n✗ 0 .*\\n$`))
  const unknown = await run(['letters', 'show', '4711'])
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /observe\.unknown-letter/)
})

test('tail follows what it is asked for, and Ctrl-C ends it well', async () => {
  const child = spawnChronicle(['observe', 'tail', '--type', 'live.*', '--source', 'here', '--json'], {
    CHRONICLE_URL: url(),
  })
  let printed = ''
  child.stdout!.setEncoding('utf8').on('data', piece => (printed += piece))
  const exited = new Promise<number | null>(resolve => child.once('exit', resolve))
  const line = (type: string, source: string): string => JSON.stringify({ trace_id: 'live', event_type: type, source })
  // What is sent before it follows does not count.
  while (!printed.includes('\n')) {
    await done(['send'], `${line('other', 'here')}\n${line('live.x', 'there')}\n${line('live.x', 'here')}\n`)
  }
  child.kill('SIGINT')
  assert.equal(await exited, 0)
  const types = printed
    .trim()
    .split('\n')
    .map(text => JSON.parse(text))
  assert.ok(
    types.every(({ event_type, source }) => event_type === 'live.x' && source === 'here'),
    printed,
  )
})

test('refusals of the server are told, and so is a server that is not there', async () => {
  const unknown = await run(['trace', 'nope'])
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /404[\s\S]*observe\.unknown-trace/)
  assert.match((await run(['agent', 'nobody'])).stderr, /observe\.unknown-agent/)
  for (const command of ['status', 'tail', 'traces', 'send']) {
    const nobody = await run([command, '--url', 'http://127.0.0.1:1'], 'x\n')
    assert.equal(nobody.code, 1, command)
    assert.match(nobody.stderr, /No server answers at this URL/)
  }
  assert.equal((await run(['traces', '--status', 'nonsense'])).code, 2)
  assert.equal((await run(['tail', '--url', 'nonsense'])).code, 2)
})
