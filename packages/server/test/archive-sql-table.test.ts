import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { BIGINT, VARCHAR } from '@duckdb/node-api'
import { ValueWriter } from '../src/archive-sql/values.ts'
import { ZoneOffset } from '../src/archive-sql/zone-offset.ts'
import { SqlTable } from '../src/cli/archive/sql-table.ts'
import { Terminal } from '../src/cli/terminal.ts'

const names = ['id', 'app', 'title', 'session']
const columns = names.map(name => ({ name, type: name === 'id' ? BIGINT : VARCHAR }))
const row = [1795279116607000000n, 'org.example.editor', 'notes.txt – long', '39c4ae5b-c9f3-4d9c-9be5']

function shown(width: number | undefined): string[] {
  const screen = { isTTY: width !== undefined, columns: width, getColorDepth: () => 1 }
  const stdout = Object.assign(new PassThrough(), screen) as unknown as NodeJS.WriteStream
  const terminal = new Terminal({ stdin: process.stdin, stdout, stderr: process.stderr })
  const table = new SqlTable(terminal, columns, new ValueWriter(new ZoneOffset('UTC')))
  return stripVTControlCharacters(table.begin() + table.rows([row]) + table.end())
    .trimEnd()
    .split('\n')
}

test('on a terminal texts give way first, then the last columns, which are named', () => {
  const roomy = shown(60)
  assert.deepEqual(roomy[0]!.split(/ +/).filter(Boolean), names)
  assert.ok(roomy.every(line => line.length <= 60) && roomy.length === 2, roomy.join('\n'))
  const narrow = shown(42)
  assert.deepEqual(narrow[0]!.split(/ +/).filter(Boolean), ['id', 'app', 'title'])
  assert.match(narrow[1]!, /^1795279116607000000 {2}org\.exa… {2}notes\.t…$/)
  assert.match(narrow[2]!, /^not shown.*: session; --csv has all$/)
})

test('the first column stays whatever the room is, and elsewhere than on a terminal all is there', () => {
  assert.match(shown(5)[1]!, /^1795279116607000000$/)
  assert.deepEqual(shown(undefined)[1]!.trimEnd().split(/ {2,}/), row.map(String))
})
