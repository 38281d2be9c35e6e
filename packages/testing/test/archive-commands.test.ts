import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { frameDefaults } from '../../packer/src/frames/options.ts'
import { readHeif } from '../../packer/src/frames/read.ts'
import { done, emptyDirectory, entries, refusedRows, rows } from '../../packer/test/archive-commands-support.ts'
import { readRows } from '../../packer/test/parquet-support.ts'
import { filledHere, type InstallationHere } from './archive-commands-here.ts'

/** A row as a line of JSON has it; numbers of 64 bits as text, since JavaScript rounds them. */
function parsed(line: string): Record<string, unknown> {
  const [, ns] = /^\{"timestamp_ns":(-?\d+),/.exec(line) ?? assert.fail(line)
  return { ...JSON.parse(line), timestamp_ns: BigInt(ns!) }
}

const lines = (text: string) => text.trimEnd().split('\n')

let made: Promise<InstallationHere> | undefined

/** Tests that change nothing share an archive. */
function shared(): Promise<InstallationHere> {
  made ??= filledHere('shared')
  return made
}

function inZone(installation: InstallationHere, timezone: string): InstallationHere {
  const env = { CHRONICLE_PACKER_SCHEDULING_TIMEZONE: timezone }
  const archive = (...args: string[]) =>
    installation.runHere(['archive', ...args, '--config', installation.config], { env })
  return { ...installation, archive }
}

for (const parquet of ['sealed', 'modular'] as const) {
  test(`from an encrypted archive (${parquet}) to its rows in one command, and out as files`, async () => {
    const made = await (parquet === 'sealed' ? shared() : filledHere('whole', { 'encryption.parquet': parquet }))
    // The one as people run it, the other for what it reads and writes.
    const archive = parquet === 'sealed' ? made.archiveProcess : made.archive
    const all = await entries(made)
    const kindsOf = all.map(({ kind }) => kind).toSorted()
    assert.deepEqual(kindsOf, ['heif', 'parquet', 'parquet', 'parquet', 'quarantine'])
    assert.ok(all.every(({ keyState }) => keyState === 'there'))
    assert.deepEqual(lines(await done(archive('cat', 'parquet/**'))).map(parsed), rows)
    assert.match(await done(archive('verify')), /^Whole: .* 5 files: 120 events, 1 frame, 2 refused events/m)

    const out = join(emptyDirectory(`out-${parquet}`), 'deep', 'er')
    await done(archive('export', '--output', out))
    const found: unknown[] = []
    for (const { path, kind } of all) {
      const bytes = readFileSync(join(out, path))
      assert.equal(statSync(join(out, path)).mode & 0o777, 0o600)
      if (kind === 'parquet') found.push(...(await readRows(bytes)))
      if (kind === 'heif') assert.equal((await readHeif(bytes, frameDefaults)).identity?.eventId, 'frame-1')
      if (kind === 'quarantine') assert.equal(lines(bytes.toString()).length, refusedRows.length)
    }
    assert.deepEqual(found, rows)
    assert.equal(statSync(join(out, 'parquet')).mode & 0o777, 0o700)
  })
}

test('ls: by day, by kind and by moment, for people and machines', async () => {
  const made = inZone(await shared(), 'Pacific/Kiritimati')
  const { archive } = made
  const text = await archive('ls')
  const { code, stdout } = await (await shared()).archiveProcess('ls')
  assert.deepEqual([code, stdout], [0, text.stdout])
  assert.match(text.stdout, /^FILE +ROWS +SIZE +FIRST \(UTC\) +LAST \(UTC\) +KEY$/m)
  assert.match(
    text.stdout,
    /^parquet\/2025\/11\/20\/events_20251120_120000.parquet +40 .* 2025-11-20 12:00:00 .* there$/m,
  )
  assert.match(text.stdout, /^heif\/\S+ +40 × 30 /m)
  assert.match(text.stderr, /^5 files: 120 events, 1 frame, 2 refused events, \d/m)
  // Noon of the 20th in UTC is two o'clock on the 21st on Kiritimati; the directories were named in UTC.
  const of = async (...args: string[]) => (await entries(made, ...args)).map(({ path }) => path.slice(0, 18))
  assert.deepEqual(await of('--from', '2025-11-21', '--to', '2025-11-21'), ['parquet/2025/11/20'])
  assert.deepEqual(await of('--from', '2025-11-22T12:00:39Z', '--kind', 'parquet'), ['parquet/2025/11/22'])
  assert.deepEqual(await of('--from', '2025-11-22T12:00:40Z', '--kind', 'parquet'), [])
  assert.deepEqual(await of('--kind', 'heif', '--kind', 'parquet', '--to', '2025-11-20T12:00:00.000000001+00:00'), [
    'parquet/2025/11/20',
  ])
  assert.deepEqual(
    (await of('--from=-1h')).map(path => path.split('/')[0]),
    ['quarantine'],
  )
  assert.match((await archive('ls', '--from', '2999-01-01')).stderr, /^No such files in /)
})

test('cat: by path, glob and range; JSON inside of JSON; a frame raw; refused events as they are', async () => {
  const { archive, archiveProcess, base } = await shared()
  const first = 'parquet/2025/11/20/events_20251120_120000.parquet'
  const day = rows.slice(0, 40)
  for (const path of [first, 'parquet/2025/11/20/*', join(base, first)]) {
    assert.deepEqual(lines(await done(archive('cat', path))).map(parsed), day, path)
  }
  const range = ['--from', '2025-11-20T12:00:02Z', '--to', '2025-11-20T12:00:05Z']
  assert.deepEqual(lines(await done(archive('cat', ...range))).map(parsed), rows.slice(2, 5))
  const nested = lines(await done(archive('cat', first, '--parse-data')))
  assert.match(nested[1]!, /"data":\{"big": 12345678901234567890, +"nested": \[1\.0, "a\\nb"\]\},"session_id"/)
  assert.deepEqual(JSON.parse(nested[2]!).data, { number: 2 })
  const refusals = lines(await done(archive('cat', 'quarantine/**'))).map(line => JSON.parse(line))
  assert.deepEqual(refusals.map(({ reason }) => reason).length, 2)
  const refused = [
    [['parquet/none'], 1, /The archive has no such file[\s\S]*parquet\/none/],
    [[], 2, /a time: --from/],
    [['**'], 2, /a frame goes out alone/],
  ] as const
  for (const [args, code, message] of refused) {
    const result = await archive('cat', ...args)
    assert.equal(result.code, code, result.stderr)
    assert.match(result.stderr, message)
  }
  const { code, stdout, stderr } = await archiveProcess('cat', 'parquet/none')
  assert.deepEqual([code, stdout], [1, ''])
  assert.match(stderr, /The archive has no such file/)
})

test('export: JSON lines, nothing replaced unless told so, and the rest of what was begun', async () => {
  const { archive, base } = await shared()
  const out = emptyDirectory('export-out')
  const text = await done(archive('export', '-o', out, '--format', 'jsonl', '--kind', 'parquet', '--parse-data'))
  assert.match(text, /^Exported 3 files to /)
  const path = join(out, 'parquet/2025/11/20/events_20251120_120000.jsonl')
  assert.deepEqual(JSON.parse(lines(readFileSync(path, 'utf8'))[2]!).data, { number: 2 })
  writeFileSync(path, 'changed')
  const again = await archive('export', '-o', out, '--format', 'jsonl')
  assert.equal(again.code, 1)
  assert.match(again.stderr, /The output is there already[\s\S]*files +3[\s\S]*--resume[\s\S]*--force/)
  assert.match(
    await done(archive('export', '-o', out, '--format', 'jsonl', '--resume')),
    /^Exported 2 files.*3 files were/,
  )
  assert.equal(readFileSync(path, 'utf8'), 'changed')
  await done(archive('export', '-o', out, '--format', 'jsonl', '--force', 'parquet/2025/11/20/*'))
  assert.equal(lines(readFileSync(path, 'utf8')).length, 40)
  const inside = await archive('export', '-o', join(base, 'parquet'))
  assert.match(inside.stderr, /The output would lie in the archive/)
})

test('open: a file of an archive by its path, a part of one, and one that was copied out alone', async () => {
  const { base, run, runHere, home } = await shared()
  const path = 'parquet/2025/11/20/events_20251120_120000.parquet'
  await done(run(['open', join(base, path), '-o', 'plain.parquet']))
  const plain = readFileSync(join(home, 'plain.parquet'))
  assert.deepEqual(await readRows(plain), rows.slice(0, 40))
  await done(runHere(['open', join('archive', path), '--range', '0-3', '-o', 'part']))
  assert.equal(readFileSync(join(home, 'part'), 'utf8'), 'PAR1')
  copyFileSync(join(base, path), join(home, 'events_20251120_120000.parquet'))
  const keys = ['--data-dir', join(base, 'metadata/keys')]
  await done(runHere(['open', 'events_20251120_120000.parquet', ...keys, '-o', 'copied']))
  assert.deepEqual(readFileSync(join(home, 'copied')), plain)
  copyFileSync(join(base, path), join(home, 'other.parquet'))
  const refused = [
    [['other.parquet', ...keys, '-o', 'x'], /under another name/],
    [[join(base, path)], /nothing is put beside a file of an archive/],
    [[join(base, path), '-o', join(base, 'parquet/x')], /would lie in the archive/],
    [[join(base, 'parquet/none'), '-o', 'x'], /no such file/],
  ] as const
  for (const [args, message] of refused) assert.match((await runHere(['open', ...args])).stderr, message)
  await done(runHere(['open', 'other.parquet', ...keys, '--renamed', '-o', 'renamed']))
})
