import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count, plural, printable, size } from '../src/cli/format.ts'
import { type ReadRecord, recordFormatter } from '../src/cli/record-format.ts'
import { Terminal } from '../src/cli/terminal.ts'

const terminal = new Terminal(process)
const record: ReadRecord = {
  topic: 'orders',
  partition: 2,
  offset: 41,
  timestamp: Date.UTC(2026, 0, 2, 12),
  key: Buffer.from('k'),
  value: Buffer.from('line\x1b[2J\n'),
  headers: [
    ['a', Buffer.from('1')],
    ['b', null],
  ],
}
const shown = (format: string, of = record): string => String(recordFormatter(terminal, format)(of))

test('the forms of a record', () => {
  assert.equal(shown('value'), 'line\x1b[2J\n\n')
  assert.deepEqual(JSON.parse(shown('json')), {
    topic: 'orders',
    partition: 2,
    offset: 41,
    timestamp: record.timestamp,
    key: 'k',
    value: 'line\x1b[2J\n',
    headers: [
      ['a', '1'],
      ['b', null],
    ],
  })
  assert.equal(shown('text').split('\n').length, 2)
})

test('text for a terminal carries no control characters of the record', () => {
  assert.doesNotMatch(shown('text').slice(0, -1), /\p{Cc}/u)
  assert.match(shown('text'), /2026-01-02T12:00:00.000Z {2}2\/41 {2}k {2}line\\x1b\[2J\\n {2}\[a=1 b=null\]/)
})

test('patterns', () => {
  assert.equal(shown('%t/%p/%o\\t%k=%%'), 'orders/2/41\tk=%\n')
  assert.equal(shown('%T %h'), `${record.timestamp} a=1,b=\n`)
  assert.equal(shown('%k|%v|', { ...record, key: null, value: null }), '||\n')
  for (const pattern of ['%x', 'a%', '\\q', 'plain']) {
    assert.throws(() => shown(pattern), { code: 'server.invalid-argument' }, pattern)
  }
})

test('numbers as people read them', () => {
  assert.equal(count(1234567), '1,234,567')
  assert.equal(plural(1, 'record'), '1 record')
  assert.equal(plural(0, 'entry', 'entries'), '0 entries')
  assert.deepEqual([0, 999, 1024, 1536, 150 * 1024, 3.2 * 2 ** 20].map(size), [
    '0 B',
    '999 B',
    '1.0 KB',
    '1.5 KB',
    '150 KB',
    '3.2 MB',
  ])
  assert.equal(printable('a\u0085b\u009bc\tö'), 'a\\x85b\\x9bc\\tö')
})
