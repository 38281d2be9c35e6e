import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { uuidFrom, uuidOf, uuidV5, uuidV7 } from '../../src/event/uuid.ts'

test('version 5 and 7 are as in the examples of RFC 9562, appendix A', () => {
  const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
  assert.equal(uuidV5(dns, 'www.example.com'), '2ed6657d-e927-568b-95e1-2665a8aea6a2')
  const fixed = { ...seededRandom(1), bytes: () => Buffer.from('0cc318c4dc0c0c07398f', 'hex') }
  assert.equal(uuidV7(0x017f22e279b0, fixed), '017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
})

test('ids made from a name never change: a replay would store everything twice', () => {
  assert.equal(uuidFrom('TASK_EVENTS/4711'), '13453697-fc51-5c5f-9d88-7860bae57552')
})

test('ids made later sort later', () => {
  const random = seededRandom(2)
  const ids = Array.from({ length: 100 }, (_, index) => uuidV7(1_763_640_000_000 + index, random))
  assert.deepEqual(ids.toSorted(), ids)
})

test('a UUID in any case is one; what looks like it is none', () => {
  const uuid = '2ed6657d-e927-568b-95e1-2665a8aea6a2'
  assert.equal(uuidOf(uuid.toUpperCase()), uuid)
  assert.equal(uuidOf('ffffffff-ffff-ffff-ffff-ffffffffffff'), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  const others = [
    '',
    '00000000-0000-0000-0000-000000000000',
    `{${uuid}}`,
    uuid.replaceAll('-', ''),
    `${uuid} `,
    `${uuid}\n`,
  ]
  for (const text of [...others, uuid.slice(1), `g${uuid.slice(1)}`]) assert.equal(uuidOf(text), undefined, text)
})
