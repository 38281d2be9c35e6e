import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ChronicleError } from '@chronicle/base'
import fc from 'fast-check'
import { type GroupStateV1, loadGroup, storedForm } from '../../src/groups/stored-group.ts'
import { readTopics } from '../../src/groups/subscription.ts'
import { subscription } from './clients.ts'
import { groupIn } from './driver.ts'

const golden = JSON.parse(readFileSync(new URL('../golden/stored-group-v1.json', import.meta.url), 'utf8'))

test('G6: a stored group is read back as it was', () => {
  const { group } = groupIn('Stable', ['a', 'b:one'])
  const text = JSON.stringify(storedForm(group))
  const loaded = loadGroup('g', JSON.parse(text))
  assert.deepEqual(storedForm(loaded), storedForm(group))
  assert.deepEqual([loaded.state, loaded.staticMembers.get('one')], ['Stable', 'b'])
})

test('version 1 of a stored group is written and read as it always was', () => {
  const { group } = groupIn('Stable', ['a', 'b:one'])
  assert.deepEqual(JSON.parse(JSON.stringify(storedForm(group))), golden)
  assert.deepEqual(storedForm(loadGroup('g', golden)), golden)
})

test('G6: whatever is not a group of version 1 is refused, naming the field', () => {
  const refused: [change: (state: Record<string, unknown>) => void, field: string][] = [
    [s => Object.assign(s, { version: 2 }), 'version'],
    [s => delete s.version, 'version'],
    [s => Object.assign(s, { generationId: -1 }), 'generationId'],
    [s => Object.assign(s, { generationId: 1.5 }), 'generationId'],
    [s => Object.assign(s, { protocolType: 7 }), 'protocolType'],
    [s => Object.assign(s, { stateTimestampMs: '1' }), 'stateTimestampMs'],
    [s => Object.assign(s, { members: {} }), 'members'],
    [s => Object.assign(s, { leaderId: 'stranger' }), 'leaderId'],
    [s => Object.assign(s, { leaderId: null }), 'leaderId'],
    [s => Object.assign(s, { protocolName: 'unknown' }), 'protocolName'],
    [s => Object.assign((s.members as object[])[1]!, { memberId: 'a' }), 'members[1].memberId'],
    [s => Object.assign((s.members as object[])[0]!, { instanceId: 'one' }), 'members[1].instanceId'],
    [s => Object.assign((s.members as object[])[0]!, { assignment: 'not base64!' }), 'members[0].assignment'],
    [
      s => Object.assign((s.members as object[])[0]!, { protocols: [{ name: 'range' }] }),
      'members[0].protocols[0].metadata',
    ],
    [s => Object.assign((s.members as object[])[0]!, { sessionTimeoutMs: null }), 'members[0].sessionTimeoutMs'],
  ]
  for (const [change, field] of refused) {
    const state: Record<string, unknown> = structuredClone(golden)
    change(state)
    assert.throws(
      () => loadGroup('g', state),
      error =>
        error instanceof ChronicleError && error.code === 'kafka.stored-group-invalid' && error.details.field === field,
      field,
    )
  }
  for (const state of [null, 'text', 1, [], undefined]) {
    assert.throws(() => loadGroup('g', state), { code: 'kafka.stored-group-invalid' })
  }
})

test('any JSON is loaded or refused with a typed error', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (state, members, member) => {
      for (const value of [state, { ...golden, members }, { ...golden, members: [member] }] as unknown[]) {
        try {
          loadGroup('g', value)
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'kafka.stored-group-invalid')
        }
      }
    }),
  )
})

test('the topics of a subscription are read, and nothing beyond its bytes', () => {
  assert.deepEqual(readTopics(subscription('one', 'two')), ['one', 'two'])
  assert.deepEqual(readTopics(subscription()), [])
  const whole = subscription('one', 'two')
  for (let length = 0; length < whole.length - 4; length++)
    assert.equal(readTopics(whole.subarray(0, length)), undefined)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      const topics = readTopics(Buffer.from(bytes))
      assert(topics === undefined || topics.length <= 29)
    }),
  )
  const hostile = Buffer.from([0, 1, 0x7f, 0xff, 0xff, 0xff])
  assert.equal(readTopics(hostile), undefined)
})

test('a stored group holds all protocols of its members', () => {
  const state: GroupStateV1 = storedForm(groupIn('Stable').group)
  assert.deepEqual(state.members[0]!.protocols, [{ name: 'range', metadata: Buffer.from('topics').toString('base64') }])
})
