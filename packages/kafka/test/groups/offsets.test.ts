import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, errorName } from '../../src/error-codes.ts'
import { deleteGroups, listGroups, offsetCommit, offsetDelete, offsetFetch } from '../../src/messages/index.ts'
import { uuidToKafka } from '../../src/uuid.ts'
import { becomeMember, commitOf, committedOf, leaveOf, subscription } from './clients.ts'
import { House } from './house.ts'

test('every version of OffsetCommit is read back by every version of OffsetFetch', async context => {
  const house = await House.open(context)
  const topicId = uuidToKafka(house.log.topic('t')!.id)!
  for (let version = 0; version <= 10; version++) {
    const partitions = [{ partitionIndex: 1, committedOffset: 100 + version, committedMetadata: `v${version}` }]
    const topic = version >= 10 ? { topicId, partitions } : { name: 't', partitions }
    const committed = await house.ask(offsetCommit, version, { groupId: 'g', memberId: '', topics: [topic] })
    assert.equal(committed.topics[0]!.partitions[0]!.errorCode, ErrorCode.NONE, `commit v${version}`)
    for (let reading = 0; reading <= 10; reading++) {
      const asked = { ...(reading >= 10 ? { topicId } : { name: 't' }), partitionIndexes: [1, 2] }
      const topics = [{ name: 't', partitionIndexes: [1, 2] }]
      const fetched = await house.ask(offsetFetch, reading, {
        groupId: 'g',
        topics,
        groups: [{ groupId: 'g', topics: [asked] }],
      })
      const found = (reading >= 8 ? fetched.groups[0]! : fetched).topics[0]!.partitions
      const seen = found.map(({ committedOffset, metadata, errorCode }) => [committedOffset, metadata, errorCode])
      assert.deepEqual(
        seen,
        [
          [100 + version, `v${version}`, 0],
          [-1, '', 0],
        ],
        `fetch v${reading}`,
      )
    }
  }
})

test('all topics of several groups are fetched at once', async context => {
  const house = await House.open(context)
  await commitOf(house, 'one', { topic: 't', partition: 2, offset: 7 })
  await commitOf(house, 'one', { topic: 'u', offset: 8 })
  await commitOf(house, 'two', { topic: 'u', offset: 9, metadata: 'text' })
  const groups = ['one', 'two', 'three'].map(groupId => ({ groupId, topics: null }))
  const fetched = await house.ask(offsetFetch, 8, { groups })
  const seen = fetched.groups.map(({ topics }) =>
    topics.map(({ name, partitions }) => [
      name,
      ...partitions.map(each => [each.partitionIndex, each.committedOffset]),
    ]),
  )
  assert.deepEqual(seen, [
    [
      ['t', [2, 7]],
      ['u', [0, 8]],
    ],
    [['u', [0, 9]]],
    [],
  ])
  const single = await house.ask(offsetFetch, 2, { groupId: 'two', topics: null })
  assert.deepEqual([single.errorCode, single.topics[0]!.partitions[0]!.metadata], [0, 'text'])
})

test('a commit is refused with the error that Kafka gives', async context => {
  const house = await House.open(context)
  assert.equal(await commitOf(house, 'g', { topic: 'nowhere' }), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await commitOf(house, 'g', { partition: 3 }), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(await commitOf(house, 'g', { metadata: 'x'.repeat(4_097) }), 'OFFSET_METADATA_TOO_LARGE')
  assert.equal(await commitOf(house, 'g', { metadata: 'x'.repeat(4_096) }), 'NONE')
  assert.equal(await commitOf(house, 'new', {}, { memberId: 'm', generationId: 1 }, 8), 'ILLEGAL_GENERATION')
  assert.equal(await commitOf(house, 'new', {}, { memberId: 'm', generationId: 1 }, 9), 'GROUP_ID_NOT_FOUND')
  assert.equal(await commitOf(house, 'x'.repeat(256), {}), 'INVALID_GROUP_ID')
  const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }]
  const unknownId = await house.ask(offsetCommit, 10, {
    groupId: 'g',
    memberId: '',
    topics: [{ topicId: 'BBBBBBBBBBBBBBBBBBBBBA', partitions }],
  })
  assert.equal(errorName(unknownId.topics[0]!.partitions[0]!.errorCode), 'UNKNOWN_TOPIC_ID')
})

test('G8: in a group with members only its generation commits', async context => {
  const house = await House.open(context)
  const member = await becomeMember(house, 'g')
  assert.equal(await commitOf(house, 'g', { offset: 4 }, member), 'NONE')
  assert.equal(await commitOf(house, 'g', { offset: 5 }), 'UNKNOWN_MEMBER_ID')
  assert.equal(await commitOf(house, 'g', { offset: 5 }, { ...member, generationId: 0 }), 'ILLEGAL_GENERATION')
  assert.equal(await commitOf(house, 'g', { offset: 5 }, { ...member, memberId: 'x' }), 'UNKNOWN_MEMBER_ID')
  assert.equal(await committedOf(house, 'g'), 4)
  await leaveOf(house, 'g', member.memberId)
  assert.equal(await commitOf(house, 'g', { offset: 6 }), 'NONE')
  assert.equal(await committedOf(house, 'g'), 6)
})

test('G6: a commit is durable when it is answered', async context => {
  const house = await House.open(context)
  await commitOf(house, 'g', { offset: 41 })
  await commitOf(house, 'g', { offset: 42, metadata: 'text' })
  await house.restart()
  assert.equal(await committedOf(house, 'g'), 42)
})

test('G6: a commit that the log refuses is not acknowledged', async context => {
  const house = await House.open(context)
  await house.log.close()
  assert.equal(await commitOf(house, 'g', {}), 'NOT_COORDINATOR')
  assert.equal(house.errors.length, 1)
})

test('good and bad partitions of one commit are judged one by one', async context => {
  const house = await House.open(context)
  const rows = [
    { partitionIndex: 0, committedOffset: 1, committedMetadata: 'x'.repeat(5_000) },
    { partitionIndex: 1, committedOffset: 2, committedMetadata: null },
    { partitionIndex: 9, committedOffset: 3, committedMetadata: null },
  ]
  const { topics } = await house.ask(offsetCommit, 8, {
    groupId: 'g',
    memberId: '',
    topics: [{ name: 't', partitions: rows }],
  })
  const errors = topics[0]!.partitions.map(({ errorCode }) => errorName(errorCode))
  assert.deepEqual(errors, ['OFFSET_METADATA_TOO_LARGE', 'NONE', 'UNKNOWN_TOPIC_OR_PARTITION'])
  assert.deepEqual([await committedOf(house, 'g', 't', 0), await committedOf(house, 'g', 't', 1)], [-1, 2])
})

test('a negative offset takes the committed one back', async context => {
  const house = await House.open(context)
  await commitOf(house, 'g', { offset: 5 })
  assert.equal(await commitOf(house, 'g', { offset: -2 }), 'NONE')
  assert.equal(await committedOf(house, 'g'), -1)
})

test('requests that name too much are refused', async context => {
  const house = await House.open(context, { offsetsPerRequestMax: 2, groupsPerRequestMax: 2, groupsMax: 3 })
  assert.equal(await commitOf(house, 'g', {}), 'NONE')
  const three = [0, 1, 2]
  const partitions = three.map(partitionIndex => ({ partitionIndex, committedOffset: 1, committedMetadata: null }))
  const large = await house.ask(offsetCommit, 8, { groupId: 'g', memberId: '', topics: [{ name: 't', partitions }] })
  assert(large.topics[0]!.partitions.every(({ errorCode }) => errorCode === ErrorCode.INVALID_COMMIT_OFFSET_SIZE))
  const wide = await house.ask(offsetFetch, 7, { groupId: 'g', topics: [{ name: 't', partitionIndexes: three }] })
  assert.equal(errorName(wide.errorCode), 'POLICY_VIOLATION')
  const many = await house.ask(offsetFetch, 8, { groups: ['a', 'a', 'b'].map(groupId => ({ groupId, topics: null })) })
  assert.deepEqual(
    many.groups.map(({ errorCode }) => errorName(errorCode)),
    ['NONE', 'POLICY_VIOLATION', 'POLICY_VIOLATION'],
  )
  const deleted = await house.ask(offsetDelete, 0, {
    ...{ groupId: 'g', topics: [{ name: 't', partitions: three.map(partitionIndex => ({ partitionIndex })) }] },
  })
  assert.equal(errorName(deleted.errorCode), 'POLICY_VIOLATION')
  for (const groupId of ['one', 'two']) assert.equal(await commitOf(house, groupId, {}), 'NONE')
  assert.equal(await commitOf(house, 'four', {}), 'POLICY_VIOLATION')
})

test('OffsetDelete forgets what nobody in the group subscribes to', async context => {
  const house = await House.open(context)
  const ask = (groupId: string, topic = 't', partitionIndex = 0) =>
    house.ask(offsetDelete, 0, { groupId, topics: [{ name: topic, partitions: [{ partitionIndex }] }] })
  assert.equal(errorName((await ask('none')).errorCode), 'GROUP_ID_NOT_FOUND')
  assert.equal(errorName((await ask('')).errorCode), 'INVALID_GROUP_ID')
  await commitOf(house, 'g', { topic: 't' })
  await commitOf(house, 'g', { topic: 'u' })
  const member = await becomeMember(house, 'g')
  assert.equal(errorName((await ask('g', 't')).topics[0]!.partitions[0]!.errorCode), 'GROUP_SUBSCRIBED_TO_TOPIC')
  assert.equal(errorName((await ask('g', 'u')).topics[0]!.partitions[0]!.errorCode), 'NONE')
  assert.equal(errorName((await ask('g', 'nowhere')).topics[0]!.partitions[0]!.errorCode), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.deepEqual([await committedOf(house, 'g', 't'), await committedOf(house, 'g', 'u')], [5, -1])
  await leaveOf(house, 'g', member.memberId)
  assert.equal(errorName((await ask('g', 't')).topics[0]!.partitions[0]!.errorCode), 'NONE')
  assert.equal(await committedOf(house, 'g', 't'), -1)
})

test('OffsetDelete leaves members of another protocol type alone, and consumers whose subscription cannot be read', async context => {
  const house = await House.open(context)
  await commitOf(house, 'connect', {})
  await commitOf(house, 'odd', {})
  await becomeMember(house, 'connect', { protocolType: 'connect' })
  await becomeMember(house, 'odd', { protocols: [{ name: 'range', metadata: Buffer.from([0, 0, 0, 1, 0, 0]) }] })
  const topics = [{ name: 't', partitions: [{ partitionIndex: 0 }] }]
  assert.equal(
    errorName((await house.ask(offsetDelete, 0, { groupId: 'connect', topics })).errorCode),
    'NON_EMPTY_GROUP',
  )
  const odd = await house.ask(offsetDelete, 0, { groupId: 'odd', topics })
  assert.equal(errorName(odd.topics[0]!.partitions[0]!.errorCode), 'GROUP_SUBSCRIBED_TO_TOPIC')
})

const day = 86_400_000

test('G7: offsets expire a week after their group became empty, and the group with them', async context => {
  const house = await House.open(context)
  const member = await becomeMember(house, 'g', { sessionTimeoutMs: 1_800_000 })
  await commitOf(house, 'g', {}, member)
  house.clock.skip(30 * day)
  await sweep(house)
  assert.equal(await committedOf(house, 'g'), 5, 'a subscribed topic does not expire')
  await leaveOf(house, 'g', member.memberId)
  house.clock.skip(7 * day - house.settings.offsetsRetentionCheckIntervalMs - 1_000)
  await sweep(house)
  assert.equal(await committedOf(house, 'g'), 5)
  await sweep(house)
  assert.equal(await committedOf(house, 'g'), -1)
  assert.deepEqual((await house.ask(listGroups, 4, {})).groups, [])
  assert.equal(house.log.storedGroup('g'), undefined)
})

test('G7: offsets that were committed without members expire one by one', async context => {
  const house = await House.open(context)
  await commitOf(house, 'g', { partition: 0 })
  house.clock.skip(5 * day)
  await commitOf(house, 'g', { partition: 1 })
  house.clock.skip(3 * day)
  await sweep(house)
  assert.deepEqual([await committedOf(house, 'g', 't', 0), await committedOf(house, 'g', 't', 1)], [-1, 5])
})

test('G7: a topic that a stable group has stopped reading expires', async context => {
  const house = await House.open(context)
  const wishes = { sessionTimeoutMs: 1_800_000, protocols: [{ name: 'range', metadata: subscription('u') }] }
  const member = await becomeMember(house, 'g', wishes)
  await commitOf(house, 'g', { topic: 't' }, member)
  await commitOf(house, 'g', { topic: 'u' }, member)
  house.clock.skip(8 * day)
  await sweep(house)
  assert.deepEqual([await committedOf(house, 'g', 't'), await committedOf(house, 'g', 'u')], [-1, 5])
})

test('DeleteGroups takes the offsets along', async context => {
  const house = await House.open(context)
  await commitOf(house, 'simple', {})
  await commitOf(house, 'busy', {})
  await becomeMember(house, 'busy')
  const { results } = await house.ask(deleteGroups, 2, { groupsNames: ['simple', 'busy', 'none'] })
  assert.deepEqual(
    results.map(({ groupId, errorCode }) => [groupId, errorName(errorCode)]),
    [
      ['simple', 'NONE'],
      ['busy', 'NON_EMPTY_GROUP'],
      ['none', 'GROUP_ID_NOT_FOUND'],
    ],
  )
  await house.restart()
  assert.deepEqual([await committedOf(house, 'simple'), await committedOf(house, 'busy')], [-1, 5])
})

/** Moves the clock to the next look and waits until that has been taken. */
async function sweep(house: House): Promise<void> {
  house.clock.advance(house.settings.offsetsRetentionCheckIntervalMs)
  for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setTimeout(resolve, 2))
}
