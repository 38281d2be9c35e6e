import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beat, commit, Driver, groupIn, join, joined, leave, rejoin, sync, synced } from './driver.ts'

const sticky = (metadata: string) => [{ name: 'sticky', metadata: Buffer.from(metadata) }]
const both = [
  { name: 'sticky', metadata: Buffer.from('s') },
  { name: 'range', metadata: Buffer.from('r') },
]

test('the first members of a group gather for the initial delay, which each newcomer prolongs', () => {
  const driver = new Driver({ initialRebalanceDelayMs: 100 })
  const a = join(driver, { newMemberId: 'a' })
  driver.advance(90)
  const b = join(driver, { newMemberId: 'b' })
  driver.advance(20)
  assert(driver.open.has(a), 'the newcomer prolonged the wait')
  driver.advance(90)
  assert.equal(joined(driver, a).generationId, 1)
  assert.deepEqual(
    joined(driver, a).members.map(({ memberId }) => memberId),
    ['a', 'b'],
  )
  assert.equal(joined(driver, b).leaderId, 'a')
  assert.deepEqual(joined(driver, b).members, [])
})

test('the initial delay never outlasts the rebalance timeout', () => {
  const driver = new Driver({ initialRebalanceDelayMs: 100 })
  const first = join(driver, { newMemberId: 'm0', rebalanceTimeoutMs: 250 })
  for (let at = 1; at <= 4; at++) {
    driver.advance(60)
    join(driver, { newMemberId: `m${at}`, rebalanceTimeoutMs: 250 })
  }
  driver.advance(10)
  assert.equal(joined(driver, first).error, 'NONE')
})

test('a member id that was handed out opens the door, or expires and is forgotten', () => {
  const driver = new Driver()
  const asked = join(driver, { newMemberId: 'a', memberIdRequired: true })
  assert.deepEqual([joined(driver, asked).error, joined(driver, asked).memberId], ['MEMBER_ID_REQUIRED', 'a'])
  join(driver, { newMemberId: 'never', memberIdRequired: true })
  const back = rejoin(driver, { memberId: 'a' })
  driver.advance(100)
  assert.equal(joined(driver, back).leaderId, 'a')
  driver.advance(20_000)
  assert.equal(driver.group.pendingJoin.size, 0)
})

test('a join phase waits for an id that was handed out, until it expires', () => {
  const driver = groupIn('Stable', ['a'])
  join(driver, { newMemberId: 'slow', memberIdRequired: true })
  const again = rejoin(driver, { memberId: 'a' })
  driver.advance(9_999)
  assert(driver.open.has(again))
  driver.advance(1)
  assert.equal(joined(driver, again).generationId, 2)
})

test('the protocol with most votes among those that all know is chosen', () => {
  const driver = new Driver()
  const a = join(driver, { newMemberId: 'a', protocols: both })
  join(driver, { newMemberId: 'b', protocols: [...both].reverse() })
  join(driver, { newMemberId: 'c', protocols: [...both].reverse() })
  driver.advance(200)
  assert.equal(joined(driver, a).protocolName, 'range')
  assert.deepEqual(
    joined(driver, a).members.map(({ metadata }) => metadata.toString()),
    ['r', 'r', 'r'],
  )
})

test('after the rebalance timeout a generation begins with those who came; absent dynamic members are out', () => {
  const driver = groupIn('Stable', ['a', 'b'])
  const a = rejoin(driver, { memberId: 'a' })
  for (let beats = 0; beats < 12; beats++) {
    driver.advance(5_000)
    if (beats < 11) assert.equal(beat(driver, { memberId: 'b' }), 'REBALANCE_IN_PROGRESS')
  }
  assert.equal(joined(driver, a).generationId, 2)
  assert.equal(beat(driver, { memberId: 'b', generationId: 1 }), 'UNKNOWN_MEMBER_ID')
})

test('G1: when the leader is static and absent, a member that joined leads', () => {
  const driver = groupIn('Stable', ['a:one', 'b'])
  driver.group.members.get('a')!.rebalanceTimeoutMs = 5_000
  const b = rejoin(driver, { memberId: 'b', protocols: both, rebalanceTimeoutMs: 5_000 })
  driver.advance(5_000)
  assert.equal(joined(driver, b).leaderId, 'b')
  assert(driver.group.members.has('a'), 'a static member keeps its place until its session ends')
})

test('a member that joins and never syncs is removed after the rebalance timeout, though it sends heartbeats', () => {
  const driver = groupIn('CompletingRebalance', ['a', 'b'])
  const b = sync(driver, { memberId: 'b' })
  for (let beats = 0; beats < 12; beats++) {
    assert.equal(beat(driver, { memberId: 'a' }), 'NONE')
    driver.advance(5_000)
  }
  assert.equal(synced(driver, b).error, 'REBALANCE_IN_PROGRESS')
  assert.deepEqual([...driver.group.members.keys()], ['b'])
  assert.equal(driver.group.leaderId, 'b')
})

test('G3: a sync is answered only when the generation is durable', () => {
  const driver = groupIn('CompletingRebalance', ['a', 'b'])
  const b = sync(driver, { memberId: 'b' })
  const a = sync(driver, { memberId: 'a', assignments: new Map([['b', Buffer.from('all')]]) })
  assert(driver.open.has(a) && driver.open.has(b))
  driver.finishStore()
  assert.equal(synced(driver, b).assignment.toString(), 'all')
  assert.equal(synced(driver, a).assignment.length, 0)
  const members = driver.durable[0]!.members.map(({ memberId, assignment }) => [memberId, assignment])
  assert.deepEqual(members, [
    ['a', ''],
    ['b', Buffer.from('all').toString('base64')],
  ])
})

test('G3: when the assignment cannot be stored, everybody is told and joins again', () => {
  const driver = groupIn('CompletingRebalance', ['a', 'b'])
  const b = sync(driver, { memberId: 'b' })
  const a = sync(driver, { memberId: 'a', assignments: new Map([['b', Buffer.from('all')]]) })
  driver.finishStore('NOT_COORDINATOR')
  assert.equal(synced(driver, a).error, 'NOT_COORDINATOR')
  assert.equal(synced(driver, b).error, 'NOT_COORDINATOR')
  assert.equal(driver.group.state, 'PreparingRebalance')
})

test('G3: an assignment that became durable after its generation was over reaches nobody', () => {
  const driver = groupIn('CompletingRebalance', ['a', 'b'])
  const a = sync(driver, { memberId: 'a', assignments: new Map([['a', Buffer.from('old')]]) })
  const c = join(driver, { newMemberId: 'c' })
  assert.equal(synced(driver, a).error, 'REBALANCE_IN_PROGRESS')
  rejoin(driver, { memberId: 'a' })
  rejoin(driver, { memberId: 'b' })
  const again = sync(driver, { memberId: 'a', assignments: new Map([['a', Buffer.from('new')]]) })
  driver.finishStore()
  assert(driver.open.has(again), 'the old write is not the one that the sync waits for')
  driver.finishStore()
  assert.equal(synced(driver, again).assignment.toString(), 'new')
  assert.equal(joined(driver, c).generationId, 2)
})

test('G4: a restarted static member takes over its assignment without a rebalance; its former process is fenced', () => {
  const driver = groupIn('Stable', ['a', 'b:one'])
  const generationId = driver.group.generationId
  const back = join(driver, { newMemberId: 'b2', instanceId: 'one' })
  assert(driver.open.has(back), 'answered when the new id is durable')
  driver.finishStore()
  assert.deepEqual(
    [joined(driver, back).error, joined(driver, back).generationId, joined(driver, back).leaderId],
    ['NONE', generationId, 'a'],
  )
  assert.equal(driver.group.state, 'Stable')
  assert.equal(synced(driver, sync(driver, { memberId: 'b2', instanceId: 'one' })).assignment.toString(), 'for b')
  assert.equal(beat(driver, { memberId: 'b', instanceId: 'one' }), 'FENCED_INSTANCE_ID')
  assert.equal(commit(driver, { memberId: 'b', instanceId: 'one' }), 'FENCED_INSTANCE_ID')
  assert.equal(synced(driver, sync(driver, { memberId: 'b', instanceId: 'one' })).error, 'FENCED_INSTANCE_ID')
  assert.equal(joined(driver, rejoin(driver, { memberId: 'b', instanceId: 'one' })).error, 'FENCED_INSTANCE_ID')
  assert.equal(leave(driver, { memberId: 'b', instanceId: 'one' })[0], 'FENCED_INSTANCE_ID')
  assert.equal(beat(driver, { memberId: 'b' }), 'UNKNOWN_MEMBER_ID')
  assert.equal(beat(driver, { memberId: 'b2', instanceId: 'other' }), 'UNKNOWN_MEMBER_ID')
  assert.deepEqual(
    driver.durable.at(-1)!.members.map(({ memberId }) => memberId),
    ['a', 'b2'],
  )
})

test('a static leader that restarts is told not to assign, or, before version 9, that another leads', () => {
  const modern = groupIn('Stable', ['a:one', 'b'])
  const skipping = join(modern, { newMemberId: 'a2', instanceId: 'one', skipAssignmentSupported: true })
  modern.finishStore()
  const { leaderId, skipAssignment, members } = joined(modern, skipping)
  assert.deepEqual([leaderId, skipAssignment, members.length], ['a2', true, 2])

  const older = groupIn('Stable', ['a:one', 'b'])
  const deceived = join(older, { newMemberId: 'a2', instanceId: 'one', skipAssignmentSupported: false })
  older.finishStore()
  assert.deepEqual([joined(older, deceived).leaderId, joined(older, deceived).members.length], ['a', 0])
  assert.equal(older.group.leaderId, 'a2')
})

test('G4: a waiting process is fenced by its successor at once', () => {
  const joining = groupIn('PreparingRebalance', ['a:one', 'b'])
  const [waiting] = joining.open
  join(joining, { newMemberId: 'a2', instanceId: 'one' })
  assert.equal(joined(joining, waiting!).error, 'FENCED_INSTANCE_ID')

  const syncing = groupIn('CompletingRebalance', ['a', 'b:one'])
  const sync1 = sync(syncing, { memberId: 'b', instanceId: 'one' })
  join(syncing, { newMemberId: 'b2', instanceId: 'one' })
  assert.equal(synced(syncing, sync1).error, 'FENCED_INSTANCE_ID')
  assert.equal(syncing.group.state, 'PreparingRebalance', 'the leader was assigning to the id that has gone')
})

test('a static member that comes back with protocols that change the choice makes all join again', () => {
  const driver = new Driver()
  join(driver, { newMemberId: 'a', instanceId: 'one', protocols: both })
  driver.advance(200)
  sync(driver, { memberId: 'a', instanceId: 'one' })
  driver.finishStores()
  const back = join(driver, { newMemberId: 'a2', instanceId: 'one', protocols: [...both].reverse() })
  assert.deepEqual([joined(driver, back).generationId, joined(driver, back).protocolName], [2, 'range'])
})

test('a static member whose new id cannot be stored is told so, and is still watched', () => {
  const driver = groupIn('Stable', ['a', 'b:one'])
  const back = join(driver, { newMemberId: 'b2', instanceId: 'one' })
  for (let beats = 0; beats < 3; beats++) {
    driver.advance(5_000)
    beat(driver, { memberId: 'a' })
  }
  assert(driver.group.members.has('b2'), 'it waits for us')
  driver.finishStore('NOT_COORDINATOR')
  assert.equal(joined(driver, back).error, 'NOT_COORDINATOR')
  driver.advance(10_000)
  assert(!driver.group.members.has('b2'))
})

test('a static member is removed by its instance id alone, as administrators do', () => {
  const driver = groupIn('Stable', ['a', 'b:one'])
  const errors = leave(
    driver,
    { memberId: '', instanceId: 'one' },
    { memberId: '', instanceId: 'two' },
    { memberId: '' },
  )
  assert.deepEqual(errors, ['NONE', 'UNKNOWN_MEMBER_ID', 'UNKNOWN_MEMBER_ID'])
  assert.equal(driver.group.state, 'PreparingRebalance')
})

test('G5: a leave answers whatever the member waited for', () => {
  const joining = groupIn('PreparingRebalance')
  const [waiting] = joining.open
  leave(joining, { memberId: 'a' })
  assert.equal(joined(joining, waiting!).error, 'UNKNOWN_MEMBER_ID')
  const syncing = groupIn('CompletingRebalance')
  const ticket = sync(syncing, { memberId: 'b' })
  leave(syncing, { memberId: 'b' })
  assert.equal(synced(syncing, ticket).error, 'UNKNOWN_MEMBER_ID')
})

test('G5: a request that is repeated on a new connection takes the place of the first', () => {
  const joining = groupIn('PreparingRebalance')
  const [first] = joining.open
  const second = rejoin(joining, { memberId: 'a' })
  assert.equal(joined(joining, first!).error, 'REBALANCE_IN_PROGRESS')
  assert(joining.open.has(second))
  const syncing = groupIn('CompletingRebalance')
  const earlier = sync(syncing, { memberId: 'b' })
  sync(syncing, { memberId: 'b' })
  assert.equal(synced(syncing, earlier).error, 'REBALANCE_IN_PROGRESS')
})

test('silence ends a session; a heartbeat and a commit prolong it', () => {
  const driver = groupIn('Stable', ['a', 'b'])
  driver.advance(9_000)
  beat(driver, { memberId: 'a' })
  commit(driver, { memberId: 'b' })
  driver.advance(9_000)
  assert.equal(driver.group.members.size, 2)
  driver.advance(1_000)
  assert.equal(driver.group.state, 'Empty')
  driver.finishStores()
  assert.deepEqual(
    [driver.durable.at(-1)!.members, driver.durable.at(-1)!.generationId],
    [[], driver.group.generationId],
  )
})

test('a new member that nobody listens for any more expires in its first join', () => {
  const driver = groupIn('PreparingRebalance', ['a', 'b'], { newMemberJoinTimeoutMs: 30_000 })
  const ticket = join(driver, { newMemberId: 'gone', rebalanceTimeoutMs: 3_600_000 })
  for (let beats = 0; beats < 6; beats++) {
    beat(driver, { memberId: 'b' })
    driver.advance(5_000)
  }
  assert.equal(joined(driver, ticket).error, 'UNKNOWN_MEMBER_ID')
})

test('a group takes as many members as it may have', () => {
  const driver = groupIn('Stable', ['a', 'b'], { membersPerGroupMax: 2 })
  const refused = join(driver, { newMemberId: 'c' })
  assert.equal(joined(driver, refused).error, 'GROUP_MAX_SIZE_REACHED')
  assert.equal(driver.group.state, 'Stable')
  const back = rejoin(driver, { memberId: 'a' })
  const taken = join(driver, { newMemberId: 'c' })
  assert(driver.open.has(taken), 'while the group joins, a place goes to who comes first')
  assert.equal(joined(driver, rejoin(driver, { memberId: 'b' })).error, 'GROUP_MAX_SIZE_REACHED')
  assert.equal(joined(driver, back).members.length, 2)
})

test('a restarted static member needs no second place in a full group', () => {
  const driver = groupIn('Stable', ['a', 'b:one'], { membersPerGroupMax: 2 })
  const back = join(driver, { newMemberId: 'b2', instanceId: 'one' })
  driver.finishStores()
  assert.equal(joined(driver, back).error, 'NONE')
})

test('ids are not handed out without end', () => {
  const driver = new Driver({ membersPerGroupMax: 3 })
  const tickets = Array.from({ length: 5 }, (_, at) => join(driver, { newMemberId: `m${at}`, memberIdRequired: true }))
  assert.equal(joined(driver, tickets.at(-1)!).error, 'GROUP_MAX_SIZE_REACHED')
  assert(driver.group.pendingJoin.size <= 3)
})

test('what members say and are given is bounded', () => {
  const driver = new Driver({ groupMetadataBytesMax: 1_000 })
  const large = [{ name: 'range', metadata: Buffer.alloc(600) }]
  join(driver, { newMemberId: 'a', protocols: large })
  assert.equal(joined(driver, join(driver, { newMemberId: 'b', protocols: large })).error, 'GROUP_MAX_SIZE_REACHED')
  driver.advance(200)
  const assignments = new Map([['a', Buffer.alloc(500)]])
  assert.equal(synced(driver, sync(driver, { memberId: 'a', assignments })).error, 'POLICY_VIOLATION')
  assert.equal(driver.stores.length, 0)
})

test('two cooperative generations: the second join carries what the members own, and both are answered in full', () => {
  const driver = new Driver()
  const a = join(driver, { newMemberId: 'a', protocols: sticky('owns nothing') })
  driver.advance(200)
  sync(driver, { memberId: 'a', assignments: new Map([['a', Buffer.from('0 1')]]) })
  driver.finishStores()
  const b = join(driver, { newMemberId: 'b', protocols: sticky('owns nothing') })
  assert.equal(beat(driver, { memberId: 'a' }), 'REBALANCE_IN_PROGRESS')
  assert.equal(commit(driver, { memberId: 'a' }), 'NONE', 'it goes on with what it keeps')
  const again = rejoin(driver, { memberId: 'a', protocols: sticky('owns 0 1') })
  assert.deepEqual(
    joined(driver, again).members.map(({ metadata }) => metadata.toString()),
    ['owns 0 1', 'owns nothing'],
  )
  sync(driver, { memberId: 'b' })
  sync(driver, { memberId: 'a', assignments: new Map([['a', Buffer.from('0')]]) })
  driver.finishStores()
  // The partition that was given up is handed out in a generation of its own.
  const third = rejoin(driver, { memberId: 'a', protocols: sticky('owns 0') })
  rejoin(driver, { memberId: 'b', protocols: sticky('owns nothing') })
  assert.equal(joined(driver, third).generationId, 3)
  assert.deepEqual([joined(driver, a).generationId, joined(driver, b).generationId], [1, 2])
})

test('G2: a group that was empty goes on counting', () => {
  const driver = groupIn('Empty')
  const before = driver.group.generationId
  const ticket = join(driver, { newMemberId: 'c' })
  driver.advance(200)
  assert.equal(joined(driver, ticket).generationId, before + 1)
})

test('a broker that stops answers everybody, and stores nothing', () => {
  const joining = groupIn('PreparingRebalance')
  const [waiting] = joining.open
  joining.send('unload', {})
  assert.equal(joined(joining, waiting!).error, 'NOT_COORDINATOR')
  const syncing = groupIn('CompletingRebalance')
  const ticket = sync(syncing, { memberId: 'b' })
  syncing.send('unload', {})
  assert.equal(synced(syncing, ticket).error, 'NOT_COORDINATOR')
  assert.deepEqual(
    [joining.timers.size, syncing.timers.size, joining.stores.length, syncing.stores.length],
    [0, 0, 0, 0],
  )
})
