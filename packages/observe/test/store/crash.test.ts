/** Deaths in the middle of a transaction: of the session, of its server, and of the process that writes. Nothing is there twice, and nothing is missing (OD2). */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '@chronicle/base'
import type { RunningPostgres } from '@chronicle/testing'
import type { Database } from '../../src/database/contract.ts'
import { migrate } from '../../src/database/migrate.ts'
import { type DatabasePlace, openDatabase } from '../../src/database/open.ts'
import { observeErrors } from '../../src/errors.ts'
import { embedded, freshDirectory, openMigrated, postgres, realPostgres } from '../support/databases.ts'
import { batchesFrom, contentsOf, crashLog, writerOf } from '../support/store.ts'

const seed = Number(process.env.CRASH_SEED ?? 4_711)
const again = `again: CRASH_SEED=${seed}`
const { skip } = realPostgres
/** A server that recovers takes its time on a busy machine; one that is not back then will not be. */
const attemptsMax = 600

const deaths: readonly {
  name: string
  kills: number
  kill(server: RunningPostgres, watcher: Database, pid: number): Promise<void>
}[] = [
  {
    name: 'pg_terminate_backend ends the session',
    kills: 6,
    kill: async (_, watcher, pid) => void (await watcher.query('select pg_terminate_backend($1)', [pid])),
  },
  {
    name: 'SIGKILL ends the process of the session, and with it every session of the server',
    kills: 4,
    kill: async (_, __, pid) => void process.kill(pid, 'SIGKILL'),
  },
  {
    name: 'the server goes down without a word, and comes back',
    kills: 3,
    kill: async server => {
      await server.kill('SIGQUIT')
      await server.start()
    },
  },
]

for (const { name, kills, kill } of deaths) {
  test(`OD2: ${name}`, { skip, timeout: 60_000 }, async t => {
    const server = await postgres()
    const [database, watcher] = [
      await openDatabase({ url: await server.createDatabase() }),
      await openDatabase({ url: server.url }),
    ]
    t.after(() => Promise.all([database.close(), watcher.close()]))
    await migrate(database)
    const { writer } = writerOf(database)
    const random = seededRandom(seed)
    let writing = true
    let killed = 0
    const killing = (async () => {
      while (writing && killed < kills) {
        await sleep(random.int(25))
        const pid = await busySession(watcher)
        if (pid === undefined) continue
        if (await kill(server, watcher, pid).then(() => true, ignoreGone)) killed++
      }
    })()
    let failures = 0
    const writeAll = async (): Promise<void> => {
      await untilDone(() => database.script('delete from observe_position'))
      for (const batch of batchesFrom(0)) failures += await untilDone(() => writer.write(batch))
    }
    // The log is written again from its start until all deaths have happened: what is there already changes nothing.
    while (killed < kills) await writeAll()
    writing = false
    await killing
    await writeAll()
    t.diagnostic(`${killed} deaths, ${failures} batches failed`)
    assert.ok(failures > 0, `no death met a transaction: ${again}`)
    assert.deepEqual(await contentsOf(database), await expected(), again)
    assert.deepEqual(await writer.positions(), [{ topicId: 'log', partition: 0, offset: crashLog.length }])
  })
}

for (const { name, skip, kills, place } of [
  {
    name: 'PostgreSQL',
    skip: realPostgres.skip,
    kills: Number(process.env.CRASH_KILLS ?? 3),
    place: async () => ({ url: await (await postgres()).createDatabase() }),
  },
  { name: 'embedded', skip: false as const, kills: 2, place: async () => ({ directory: freshDirectory() }) },
]) {
  test(`OD2: the process that writes is killed: ${name}`, { skip, timeout: 120_000 }, async t => {
    const where = await place()
    const random = seededRandom(seed)
    for (let n = 0; n < kills; n++) await writingProcess(where, 20 + random.int(250))
    assert.equal(await writingProcess(where), 'writing\ndone\n')
    const database = await openDatabase(where)
    t.after(() => database.close())
    assert.deepEqual(await contentsOf(database), await expected(), again)
  })
}

let reference: ReturnType<typeof contentsOf> | undefined

/** What the tables hold when nothing dies. */
function expected(): ReturnType<typeof contentsOf> {
  return (reference ??= (async () => {
    const database = await openMigrated(embedded)
    try {
      await writerOf(database).writer.write({ events: crashLog, positions: [] })
      return await contentsOf(database)
    } finally {
      await database.close()
    }
  })())
}

/** The session of ours that is in a transaction. */
async function busySession(watcher: Database): Promise<number | undefined> {
  const sessions = `select pid from pg_stat_activity where application_name = 'chronicle' and pid <> pg_backend_pid()
    and xact_start is not null order by xact_start limit 1`
  const rows = await watcher.query<{ pid: number }>(sessions).catch(ignoreUnavailable)
  return rows?.[0]?.pid
}

/** Gives the number of failures before it went through. */
async function untilDone(action: () => Promise<unknown>): Promise<number> {
  for (let failures = 0; failures < attemptsMax; failures++) {
    const done = await action().then(() => true, ignoreUnavailable)
    if (done) return failures
    await sleep(25)
  }
  assert.fail(`the database does not come back: ${again}`)
}

/** The session ended between being found and being killed. */
function ignoreGone(error: unknown): false {
  if ((error as { code?: string }).code !== 'ESRCH') throw error
  return false
}

/** Any other failure would stop the projector. */
function ignoreUnavailable(error: unknown): undefined {
  if (!observeErrors.is(error) || error.code !== 'observe.database-unavailable') throw error
}

/** What the process said. It is killed so many milliseconds after it began to write. */
async function writingProcess(where: DatabasePlace, killAfterMs?: number): Promise<string> {
  const script = fileURLToPath(new URL('../support/writing-process.ts', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(where)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    said += piece
    if (piece.includes('writing') && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  })
  await once(child, 'close')
  return said
}
