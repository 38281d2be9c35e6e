import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { type FileAuditLogOptions, fileAuditLog, verifyAuditLog } from '../src/index.ts'
import { coded, handClock } from './keys-support.ts'

const directory = await mkdtemp(join(tmpdir(), 'chronicle-audit-'))
after(() => rm(directory, { recursive: true }))

let logs = 0
async function place(): Promise<string> {
  return join(await mkdtemp(join(directory, `${++logs}-`)), 'audit.log')
}

function openLog(path: string, options: Partial<FileAuditLogOptions> = {}) {
  return fileAuditLog(path, { clock: handClock(), random: seededRandom(++logs), ...options })
}

function event(n: number, action = 'key.created') {
  return { action, outcome: 'done', details: { n } } as const
}

async function write(path: string, count: number, options?: Partial<FileAuditLogOptions>): Promise<void> {
  const log = openLog(path, options)
  for (let n = 0; n < count; n++) await log.record(event(n))
  await log.close()
}

async function linesIn(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1)
}

test('VK8: events stand in the file in their order, with mode 0600, once record resolves', async () => {
  const path = await place()
  const log = openLog(path)
  await log.record(event(1))
  assert.equal((await linesIn(path)).length, 1)
  await Promise.all(Array.from({ length: 500 }, (_, at) => log.record(event(at + 2))))
  const lines = (await linesIn(path)).map(line => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ details }) => details.n),
    Array.from({ length: 501 }, (_, at) => at + 1),
  )
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual((await verifyAuditLog(path)).problems, [])
  await log.close()
  await assert.rejects(log.record(event(0)), coded('vault.closed'))
})

test('VK8: a line that is changed, taken out, moved or doubled is found', async () => {
  const path = await place()
  await write(path, 12)
  const lines = await linesIn(path)
  const check = async (changed: readonly string[]) => {
    await writeFile(path, changed.map(line => `${line}\n`).join(''))
    return verifyAuditLog(path)
  }
  const whole = await check(lines)
  assert.deepEqual([whole.problems, whole.lines, whole.fromTheBeginning], [[], 12, true])
  const last = lines.length - 1
  for (let at = 0; at < last; at++) {
    const without = await check(lines.toSpliced(at, 1))
    assert.ok(without.problems.length > 0 || (at === 0 && !without.fromTheBeginning), `line ${at} taken out`)
    assert.ok(
      (await check(lines.with(at, lines[at]!.replace('done', 'failed')))).problems.length > 0,
      `line ${at} changed`,
    )
    assert.ok((await check(lines.with(at, lines[at + 1]!).with(at + 1, lines[at]!))).problems.length > 0, 'swapped')
    assert.ok((await check(lines.toSpliced(at, 0, lines[at]!))).problems.length > 0, 'doubled')
  }
  const forged = lines[3]!.replace('"n":3', '"n":99')
  assert.equal((await check(lines.toSpliced(5, 0, forged))).heads.length, 2, 'put in: no line names it')
  const cut = await check(lines.slice(0, last))
  assert.notDeepEqual(cut.heads, whole.heads, 'cut off at the end: only the heads tell')
})

test('VK8: no changed byte passes', async () => {
  const path = await place()
  await write(path, 3)
  const bytes = await readFile(path)
  const { heads } = await verifyAuditLog(path)
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 0x01
    await writeFile(path, changed)
    const report = await verifyAuditLog(path)
    const seen = report.problems.length > 0 || !report.fromTheBeginning || report.heads.join() !== heads.join()
    assert.ok(seen, `byte ${at}`)
  }
})

test('a line that a crash has torn is closed, and the log says so', async () => {
  const path = await place()
  await write(path, 5)
  const { size } = await stat(path)
  for (const cut of [2, 20, 150]) {
    await truncate(path, size - cut)
    assert.ok((await verifyAuditLog(path)).problems.length > 0)
    await write(path, 2)
    const report = await verifyAuditLog(path)
    assert.deepEqual([report.problems, report.tornLines], [[], 1], `cut by ${cut}`)
    const repair = (await linesIn(path)).find(line => line.includes('audit.repaired'))
    assert.equal(JSON.parse(repair!).action, 'audit.repaired')
    await truncate(path, 0)
    await write(path, 5)
    await truncate(path, size)
  }
})

test('a line that lacks only its end is whole', async () => {
  const path = await place()
  await write(path, 2)
  await truncate(path, (await stat(path)).size - 1)
  await write(path, 1)
  const report = await verifyAuditLog(path)
  assert.deepEqual([report.problems, report.tornLines, report.lines], [[], 0, 3])
})

test('full files are kept under other names, and the chain goes through all of them', async () => {
  const path = await place()
  const clock = handClock()
  const log = openLog(path, { clock, fileBytesMax: 2_000 })
  for (let n = 0; n < 60; n++) {
    clock.advance(1_000)
    await log.record(event(n))
  }
  await log.close()
  const names = await readdir(join(path, '..'))
  assert.ok(names.length > 3)
  const report = await verifyAuditLog(path)
  assert.deepEqual([report.problems, report.lines, report.files], [[], 60, names.length])
  assert.equal(report.heads.length, 1)
  await rm(join(path, '..', names.filter(name => name !== 'audit.log').sort()[0]!))
  const later = await verifyAuditLog(path)
  assert.deepEqual([later.problems, later.fromTheBeginning], [[], false], 'the oldest may go')
  await rm(join(path, '..', names.filter(name => name !== 'audit.log').sort()[2]!))
  assert.ok((await verifyAuditLog(path)).problems.length > 0, 'one in the middle may not')
})

test('several logs in one process write to one file, also while it is moved', async () => {
  const path = await place()
  const logs = [1, 2, 3].map(() => openLog(path, { fileBytesMax: 8_000 }))
  await Promise.all(
    logs.map(async (log, writer) => {
      for (let n = 0; n < 40; n++) await log.record({ ...event(n), details: { n, by: writer } })
      await log.close()
    }),
  )
  const report = await verifyAuditLog(path)
  assert.deepEqual([report.problems, report.lines], [[], 120])
  await write(path, 1)
  assert.equal(
    (await verifyAuditLog(path)).heads.length,
    1,
    'whatever was written at the same moment is named by what follows',
  )
})

test('several processes write to one file: nothing is lost', async () => {
  const path = await place()
  const program = `
    const { fileAuditLog } = await import(${JSON.stringify(import.meta.resolve('../src/keys/audit-log.ts'))})
    const { systemClock } = await import(${JSON.stringify(import.meta.resolve('@chronicle/base'))})
    const log = fileAuditLog(${JSON.stringify(path)}, { clock: systemClock, fileBytesMax: 15_000 })
    for (let n = 0; n < 60; n++) await log.record({ action: 'test', outcome: 'done', details: { n, pid: process.pid } })
    await log.close()
  `
  const ends = [1, 2, 3].map(() => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' })
    return new Promise(resolve => child.on('exit', resolve))
  })
  assert.deepEqual(await Promise.all(ends), [0, 0, 0])
  const report = await verifyAuditLog(path)
  assert.deepEqual([report.problems, report.lines], [[], 180])
})

test('a log that cannot be written refuses, and takes events again when it can', async () => {
  const path = await place()
  await symlink('/dev/full', path)
  const log = openLog(path)
  await assert.rejects(log.record(event(1)), coded('vault.audit-failed'))
  await rm(path)
  await log.record(event(2))
  await log.close()
  assert.deepEqual((await verifyAuditLog(path)).problems, [])
})

test('what passes the limit of waiting events is refused, and what was taken is written', async () => {
  const path = await place()
  const log = openLog(path, { queueMax: 10 })
  const outcomes = await Promise.allSettled(Array.from({ length: 15 }, (_, n) => log.record(event(n))))
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10)
  await assert.rejects(
    log.record({ action: 'x', outcome: 'done', details: { long: 'x'.repeat(40_000) } }),
    coded('vault.invalid-argument'),
  )
  await log.close()
  assert.equal((await linesIn(path)).length, 10)
})

test('a file that is longer than what is read at the start goes on with its chain', async () => {
  const path = await place()
  const log = openLog(path)
  const long = 'x'.repeat(20_000)
  await Promise.all(Array.from({ length: 80 }, (_, n) => log.record({ ...event(n), details: { n, long } })))
  await log.close()
  await write(path, 2)
  const report = await verifyAuditLog(path)
  assert.deepEqual([report.problems, report.lines, report.heads.length], [[], 82, 1])
  await appendFile(path, 'not a line\n')
  assert.equal((await verifyAuditLog(path)).problems.length, 1)
})
