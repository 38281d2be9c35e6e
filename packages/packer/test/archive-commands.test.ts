import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { frameDefaults } from '../src/frames/options.ts'
import { readHeif } from '../src/frames/read.ts'
import { done, emptyDirectory, entries, filled, refusedRows, rows } from './archive-commands-support.ts'
import { readRows } from './parquet-support.ts'

/** A row as a line of JSON has it; numbers of 64 bits as text, since JavaScript rounds them. */
function parsed(line: string): Record<string, unknown> {
  const [, ns] = /^\{"timestamp_ns":(-?\d+),/.exec(line) ?? assert.fail(line)
  return { ...JSON.parse(line), timestamp_ns: BigInt(ns!) }
}

const lines = (text: string) => text.trimEnd().split('\n')

for (const parquet of ['sealed', 'modular'] as const) {
  test(`from an encrypted archive (${parquet}) to its rows in one command, and out as files`, async () => {
    const made = await filled(`whole-${parquet}`, { 'encryption.parquet': parquet })
    const { archive } = made
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
