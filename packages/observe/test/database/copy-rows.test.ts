import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CopyRows } from '../../src/database/copy-rows.ts'

const uuid = '0f8fad5b-d9cb-469f-a165-70867728950e'

test('rows are the bytes that the format says', () => {
  const rows = new CopyRows()
  rows.row(5)
  rows.uuid(uuid)
  rows.text('é')
  rows.timestamptz(946_684_800_000_000 - 1)
  rows.jsonb({ a: 1 })
  rows.boolean(true)
  const expected = [
    '5047434f50590aff0d0a00 00000000 00000000',
    '0005',
    '00000010 0f8fad5bd9cb469fa16570867728950e',
    '00000002 c3a9',
    '00000008 ffffffffffffffff',
    '00000008 01 7b2261223a317d',
    '00000001 01',
    'ffff',
  ]
  assert.equal(Buffer.from(rows.end()).toString('hex'), expected.join('').replaceAll(' ', ''))
})

test('a row that is left out might as well not have been written', () => {
  const write = (texts: readonly string[]): CopyRows => {
    const rows = new CopyRows()
    for (const text of texts) {
      rows.row(1)
      rows.text(text)
    }
    return rows
  }
  const texts = Array.from({ length: 9 }, (_, n) => 'x'.repeat(10_000 * n))
  const kept = [false, true, true, false, false, true, false, true, false]
  const left = write(texts).end(row => kept[row]!)
  assert.deepEqual(left, write(texts.filter((_, row) => kept[row])).end())
})

test('what is no Unicode text is refused as the server refuses it', () => {
  const refused = { code: 'observe.data-refused', details: { sqlstate: '22021' } }
  assert.throws(() => new CopyRows().text('x\ud800'), refused)
})
