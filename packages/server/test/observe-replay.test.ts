/** Rebuilding the tables of a running server: over HTTP, and by `chronicle observe replay`. */
import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { openDatabase } from '@chronicle/observe'
import {
  type ChronicleProcess,
  type RunningPostgres,
  runChronicle,
  startChronicle,
  startPostgres,
  withoutPostgres,
} from '@chronicle/testing'
import { replayTables } from '../src/cli/observe/replay.ts'
import { Terminal } from '../src/cli/terminal.ts'

const env = { BATCH_FLUSH_INTERVAL_MS: '20', CHRONICLE_OTLP_GRPC_PORT: '0' }
const replay = '/api/v1/observe/replay'
const noDifferences = { only_old: 0, only_new: 0, different: 0, columns: {}, examples: [] }

describe('over a PostgreSQL whose rows somebody has changed', { skip: withoutPostgres() }, () => {
  let postgres: RunningPostgres
  let databaseUrl: string
  let server: ChronicleProcess
  before(async () => {
    postgres = await startPostgres()
    databaseUrl = await postgres.createDatabase()
    server = await startChronicle({ env: { ...env, DATABASE_URL: databaseUrl } })
    await send(server, 'ended', ['task.created', 'task.completed'])
    await send(server, 'open', ['task.created'])
    await until(async () => (await traces(server)).length === 2)
  })
  after(async () => {
    await server.stop()
    await postgres.stop()
  })

  /** What somebody should not have done. */
  async function damage(): Promise<void> {
    const database = await openDatabase({ url: databaseUrl })
    await database.script(`update swarm_traces set status = 'failed' where trace_id = 'ended';
      delete from swarm_events where trace_id = 'open'`)
    await database.close()
  }

  const run = (...args: readonly string[]) =>
    runChronicle(['observe', 'replay', ...args], { env: { CHRONICLE_URL: base(server) } })

  test('a dry run shows what differs, without content, and replaces nothing', async () => {
    const right = await run('--dry-run')
    assert.equal(right.code, 0, right.stderr)
    assert.match(
      right.stderr,
      /The tables are right; nothing was replaced\. 3 records read from the log, 0 events carried over\./,
    )
    await damage()
    const { code, stdout, stderr } = await run('--from', 'beginning', '--dry-run')
    assert.equal(code, 1, stderr)
    assert.match(stdout, /^TABLE +EQUAL +DIFFER +ONLY IN FORCE +ONLY REBUILT +COLUMNS THAT DIFFER$/m)
    assert.match(stdout, /^swarm_events +2 +0 +0 +1$/m)
    assert.match(stdout, /^swarm_traces +1 +1 +0 +0 +status 1$/m)
    assert.match(stdout, /^swarm_traces +ended +status$/m)
    assert.doesNotMatch(stdout, /a title/)
    assert.match(stderr, /The tables differ from what they should be; nothing was replaced\./)
    assert.equal(await statusOf(server, 'ended'), 'failed')
  })

  test('where nobody can be asked it has to be said what is to be done', async () => {
    const { code, stderr } = await run()
    assert.equal(code, 2)
    assert.match(stderr, /missing +--dry-run or --yes/)
    const both = await run('--yes', '--dry-run')
    assert.equal(both.code, 2)
  })

  test('--yes replaces the tables, and they are right', async () => {
    const { code, stdout, stderr } = await run('--yes', '--json')
    assert.equal(code, 0, stderr)
    assert.equal(JSON.parse(stdout).state, 'swapped')
    assert.match(stderr, /in force\. The replaced ones are kept for seven days in the schema observe_before\./)
    assert.equal(await statusOf(server, 'ended'), 'completed')
    assert.equal((await run('--yes')).code, 0)
    // What comes goes into the new tables.
    await send(server, 'open', ['task.completed'])
    await until(async () => (await statusOf(server, 'open')) === 'completed')
    assert.equal((await run('--dry-run')).code, 0)
  })

  test('one that was asked to wait is put in force, or ended', async () => {
    await damage()
    const waiting = async (): Promise<void> => {
      assert.equal((await ask(server, 'POST', replay, { swap: 'ask', keep_old: false })).status, 202)
      await until(async () => (await ask(server, 'GET', replay)).body.state === 'waiting')
    }
    await waiting()
    const second = await ask(server, 'POST', replay)
    assert.deepEqual([second.status, second.body.code], [409, 'observe.replay-running'])
    assert.equal((await ask(server, 'DELETE', replay)).status, 202)
    await until(async () => (await ask(server, 'GET', replay)).body.state === 'cancelled')
    assert.equal(await statusOf(server, 'ended'), 'failed')
    const late = await ask(server, 'POST', `${replay}/swap`)
    assert.deepEqual([late.status, late.body.code], [409, 'observe.replay-not-waiting'])
    await waiting()
    assert.equal((await ask(server, 'POST', `${replay}/swap`)).status, 202)
    await until(async () => (await ask(server, 'GET', replay)).body.state === 'swapped')
    assert.equal(await statusOf(server, 'ended'), 'completed')
  })

  test('on a terminal the comparison is shown and the answer decides', async () => {
    await damage()
    const answered = async (answer: string) => {
      const [stdout, stderr] = [new Screen(), new Screen()]
      const stdin = Object.assign(new PassThrough(), { isTTY: true })
      if (answer === '') stdin.end()
      else stdin.write(answer)
      const terminal = new Terminal({ stdin, stdout, stderr } as unknown as ConstructorParameters<typeof Terminal>[0])
      const code = await replayTables(terminal, { url: base(server) }).catch(error => error.code)
      assert.match(stripVTControlCharacters(stdout.text), /^swarm_traces +1 +1 +0 +0 +status 1$/m)
      return { code, said: stderr.text.split('\r\x1b[2K').at(-1), state: (await ask(server, 'GET', replay)).body.state }
    }
    const no = await answered('n\n')
    assert.deepEqual(no, { code: 1, said: 'Nothing was replaced: the tables are as they were.\n', state: 'cancelled' })
    // The end of the input, as after Ctrl-D.
    assert.equal((await answered('')).code, 'server.not-answered')
    await until(async () => (await ask(server, 'GET', replay)).body.state === 'cancelled')
    assert.equal(await statusOf(server, 'ended'), 'failed')
    const yes = await answered('y\n')
    assert.deepEqual([yes.code, yes.state], [0, 'swapped'])
    assert.equal(await statusOf(server, 'ended'), 'completed')
  })

  test('a view on the tables is not lost unsaid', async () => {
    const database = await openDatabase({ url: databaseUrl })
    await database.script('create view mine as select * from swarm_traces')
    const { code, stderr } = await run('--yes')
    assert.equal(code, 1)
    assert.match(stderr, /observe\.tables-in-use[\s\S]*view mine/)
    assert.equal((await run('--dry-run')).code, 0)
    await database.script('drop view mine')
    await database.close()
  })
})

test('over the embedded database, with refusals that name the field', async t => {
  const server = await startChronicle({ hasEmptyTables: true, env })
  t.after(() => server.stop())
  assert.deepEqual((await ask(server, 'GET', replay)).body.code, 'observe.replay-not-found')
  for (const [body, named] of [
    [{ from: 'yesterday' }, 'from'],
    [{ from: '2999-01-01T00:00:00Z' }, 'from'],
    [{ swap: 'maybe' }, 'swap'],
    [{ keep_old: 1 }, 'keep_old'],
    [{ form: 'beginning' }, 'form'],
    [[], 'body'],
  ] as const) {
    const { status, body: problem } = await ask(server, 'POST', replay, body)
    assert.equal(status, 400)
    assert.match(problem.detail, new RegExp(`parameter: ${named},`))
  }
  await send(server, 'a', ['task.created'])
  await until(async () => (await traces(server)).length === 1)
  assert.equal((await ask(server, 'POST', replay)).status, 202)
  await until(async () => (await ask(server, 'GET', replay)).body.state === 'compared')
  const { tables, ...job } = (await ask(server, 'GET', replay)).body
  assert.deepEqual([job.from, job.swap, job.records_read], ['beginning', 'never', 1])
  assert.deepEqual(tables, [
    { table: 'swarm_events', equal: 1, ...noDifferences },
    { table: 'swarm_traces', equal: 1, ...noDifferences },
    { table: 'agent_metrics', equal: 0, ...noDifferences },
  ])
  const openapi = await ask<{ paths: Record<string, object> }>(server, 'GET', '/api/v1/openapi.json')
  assert.deepEqual(Object.keys(openapi.body.paths[replay]!), ['get', 'post', 'delete'])
})

/** Keeps what is written, and says that it is a terminal. */
class Screen extends Writable {
  text = ''
  readonly isTTY = true
  readonly columns = 100

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }

  /** Asked by `styleText`. */
  getColorDepth(): number {
    return 1
  }
}

function base({ httpPort }: ChronicleProcess): string {
  return `http://127.0.0.1:${httpPort}`
}

/** What a job or a problem says. */
type Answer = {
  readonly state: string
  readonly from: string
  readonly swap: string
  readonly records_read: number
  readonly tables: readonly object[]
  readonly code: string
  readonly detail: string
}

async function ask<Body = Answer>(server: ChronicleProcess, method: string, path: string, json?: object) {
  const body = json && { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }
  const response = await fetch(base(server) + path, { method, ...body })
  return { status: response.status, body: (await response.json()) as Body }
}

async function send(server: ChronicleProcess, trace_id: string, types: readonly string[]): Promise<void> {
  const events = types.map(event_type => ({ trace_id, event_type, source: 'kai', metadata: { title: 'a title' } }))
  assert.equal((await ask(server, 'POST', '/api/v1/events', events)).status, 202)
}

type Trace = { readonly trace_id: string; readonly status: string }

async function traces(server: ChronicleProcess): Promise<Trace[]> {
  return (await ask<Trace[]>(server, 'GET', '/api/v1/traces')).body
}

async function statusOf(server: ChronicleProcess, id: string): Promise<string | undefined> {
  return (await traces(server)).find(trace => trace.trace_id === id)?.status
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (await isSo()) return
    await sleep(20)
  }
  assert.fail(`it did not happen: ${isSo}`)
}
