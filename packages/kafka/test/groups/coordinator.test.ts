import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Log } from '@chronicle/log'
import { ErrorCode, errorName } from '../../src/error-codes.ts'
import {
  deleteGroups,
  describeGroups,
  findCoordinator,
  heartbeat,
  joinGroup,
  leaveGroup,
  listGroups,
  syncGroup,
} from '../../src/messages/index.ts'
import { beatOf, becomeMember, commitOf, joinRequest, leaveOf, subscription } from './clients.ts'
import { House } from './house.ts'

const range = { protocolType: 'consumer', protocolName: 'range' }

test('FindCoordinator names this broker for groups and transactional ids, in every version', async context => {
  const house = await House.open(context)
  for (let version = 0; version <= 6; version++) {
    for (const keyType of version === 0 ? [0] : [0, 1]) {
      const answer = await house.ask(findCoordinator, version, { key: 'g', keyType, coordinatorKeys: ['g', 'h'] })
      const found = version >= 4 ? answer.coordinators : [answer]
      assert.equal(found.length, version >= 4 ? 2 : 1)
      for (const { nodeId, host, port, errorCode } of found) {
        assert.deepEqual([nodeId, host, port, errorCode], [1, 'broker.test', 9092, 0], `v${version}`)
      }
    }
  }
  const share = await house.ask(findCoordinator, 6, { keyType: 2, coordinatorKeys: ['s'] })
  assert.deepEqual([share.coordinators[0]!.errorCode, share.coordinators[0]!.nodeId], [ErrorCode.INVALID_REQUEST, -1])
})

test('every version of JoinGroup, SyncGroup, Heartbeat and LeaveGroup makes and ends a member', async context => {
  const house = await House.open(context)
  for (let version = 0; version <= 9; version++) {
    const groupId = `group of v${version}`
    const asked = await joinAt(house, version, joinRequest(groupId))
    assert.equal(errorName(asked.errorCode), version >= 4 ? 'MEMBER_ID_REQUIRED' : 'NONE', `join v${version}`)
    const { memberId } = asked
    const joined = version >= 4 ? await joinAt(house, version, joinRequest(groupId, { memberId })) : asked
    assert.deepEqual([errorName(joined.errorCode), joined.leader, joined.members.length], ['NONE', memberId, 1])
    assert.equal(joined.protocolName, 'range')
    const { generationId } = joined
    const member = { groupId, generationId, memberId, ...range }
    const assignments = [{ memberId, assignment: Buffer.from('all') }]
    const synced = await house.ask(syncGroup, Math.min(5, version), { ...member, assignments })
    assert.deepEqual([errorName(synced.errorCode), synced.assignment.toString()], ['NONE', 'all'])
    assert.equal((await house.ask(heartbeat, Math.min(4, version), member)).errorCode, ErrorCode.NONE)
    const left = await house.ask(leaveGroup, Math.min(5, version), { groupId, memberId, members: [{ memberId }] })
    assert.deepEqual([left.errorCode, left.members.map(({ errorCode }) => errorCode)], [0, version >= 3 ? [0] : []])
    const again = await house.ask(leaveGroup, Math.min(5, version), { groupId, memberId, members: [{ memberId }] })
    const error = version >= 3 ? again.members[0]!.errorCode : again.errorCode
    assert.equal(errorName(error), 'UNKNOWN_MEMBER_ID', `leave v${version}`)
  }
})

test('a refused JoinGroup can be written in every version', async context => {
  const house = await House.open(context)
  for (let version = 0; version <= 9; version++) {
    const answer = await house.ask(joinGroup, version, joinRequest('g', { memberId: 'x' }))
    assert.deepEqual(
      [errorName(answer.errorCode), answer.memberId, answer.generationId],
      ['UNKNOWN_MEMBER_ID', 'x', -1],
    )
    const synced = await house.ask(syncGroup, Math.min(5, version), {
      ...{ groupId: 'g', generationId: 1, memberId: 'x', assignments: [], ...range },
    })
    assert.equal(errorName(synced.errorCode), 'UNKNOWN_MEMBER_ID')
  }
})

test('from version 5 on SyncGroup has to name the protocol', async context => {
  const house = await House.open(context)
  const { memberId, generationId } = await becomeMember(house, 'g')
  const asked = { groupId: 'g', memberId, generationId, assignments: [] }
  assert.equal(errorName((await house.ask(syncGroup, 5, asked)).errorCode), 'INCONSISTENT_GROUP_PROTOCOL')
  assert.equal(errorName((await house.ask(syncGroup, 5, { ...asked, ...range })).errorCode), 'NONE')
  assert.equal(errorName((await house.ask(syncGroup, 4, asked)).errorCode), 'NONE')
})

test('JoinGroup is refused at the door', async context => {
  const house = await House.open(context, { groupsMax: 1 })
  const refusals = [
    [{ groupId: '' }, 'INVALID_GROUP_ID'],
    [{ groupId: 'x'.repeat(256) }, 'INVALID_GROUP_ID'],
    [{ sessionTimeoutMs: 5_999 }, 'INVALID_SESSION_TIMEOUT'],
    [{ sessionTimeoutMs: 1_800_001 }, 'INVALID_SESSION_TIMEOUT'],
    [{ groupInstanceId: 'x'.repeat(256) }, 'INVALID_REQUEST'],
    [
      { protocols: Array.from({ length: 65 }, (_, at) => ({ name: `p${at}`, metadata: Buffer.alloc(0) })) },
      'INVALID_REQUEST',
    ],
    [{ protocols: ['p', 'p'].map(name => ({ name, metadata: Buffer.alloc(0) })) }, 'INCONSISTENT_GROUP_PROTOCOL'],
    [{ protocols: [] }, 'INCONSISTENT_GROUP_PROTOCOL'],
    [{ protocolType: '' }, 'INCONSISTENT_GROUP_PROTOCOL'],
  ] as const
  for (const [wishes, error] of refusals) {
    const { errorCode } = await house.ask(joinGroup, 9, joinRequest('g', wishes))
    assert.equal(errorName(errorCode), error, JSON.stringify(wishes).slice(0, 60))
  }
  assert.deepEqual((await house.ask(listGroups, 4, {})).groups, [], 'a refused join leaves no group behind')
  await becomeMember(house, 'g')
  assert.equal(errorName((await house.ask(joinGroup, 3, joinRequest('h'))).errorCode), 'POLICY_VIOLATION')
})

test('members of all groups together are bounded, and the places of those who go are free again', async context => {
  const house = await House.open(context, { membersMax: 2 })
  const first = await becomeMember(house, 'one')
  assert.equal(errorName((await house.ask(joinGroup, 9, joinRequest('two'))).errorCode), 'MEMBER_ID_REQUIRED')
  const third = async () => errorName((await house.ask(joinGroup, 9, joinRequest('three'))).errorCode)
  assert.equal(await third(), 'POLICY_VIOLATION')
  await leaveOf(house, 'one', first.memberId)
  assert.equal(await third(), 'MEMBER_ID_REQUIRED')
  assert.equal(await third(), 'POLICY_VIOLATION')
  house.clock.advance(10_000)
  assert.equal(await third(), 'MEMBER_ID_REQUIRED')
})

test('a group that somebody only asked about is forgotten when the id that was handed out expires', async context => {
  const house = await House.open(context)
  await house.ask(joinGroup, 9, joinRequest('g'))
  assert.equal((await house.ask(listGroups, 4, {})).groups.length, 1)
  house.clock.advance(10_000)
  assert.equal((await house.ask(listGroups, 4, {})).groups.length, 0)
})

test('DescribeGroups tells state, protocol and members', async context => {
  const house = await House.open(context)
  const { memberId } = await becomeMember(house, 'g', { groupInstanceId: null })
  await commitOf(house, 'simple', {})
  const { groups } = await house.ask(describeGroups, 6, {
    groups: ['g', 'simple', 'none', 'g'],
    includeAuthorizedOperations: true,
  })
  assert.deepEqual(
    groups.map(each => [
      each.groupId,
      errorName(each.errorCode),
      each.groupState,
      each.protocolType,
      each.protocolData,
    ]),
    [
      ['g', 'NONE', 'Stable', 'consumer', 'range'],
      ['simple', 'NONE', 'Empty', '', ''],
      ['none', 'GROUP_ID_NOT_FOUND', 'Dead', '', ''],
    ],
  )
  const [member] = groups[0]!.members
  assert.deepEqual([member!.memberId, member!.clientId, member!.clientHost], [memberId, 'test', '/127.0.0.1'])
  assert.deepEqual([member!.memberMetadata, member!.memberAssignment.toString()], [subscription('t'), 'all'])
  assert.equal(groups[0]!.authorizedOperations, 328)
  for (let version = 0; version <= 5; version++) {
    const [unknown] = (await house.ask(describeGroups, version, { groups: ['none'] })).groups
    assert.deepEqual([errorName(unknown!.errorCode), unknown!.groupState], ['NONE', 'Dead'], `v${version}`)
  }
})

test('ListGroups filters by state and type', async context => {
  const house = await House.open(context)
  await becomeMember(house, 'stable')
  await commitOf(house, 'empty', {})
  const names = async (version: number, request: { statesFilter?: string[]; typesFilter?: string[] }) =>
    (await house.ask(listGroups, version, request)).groups.map(({ groupId }) => groupId).sort()
  for (let version = 0; version <= 5; version++) assert.deepEqual(await names(version, {}), ['empty', 'stable'])
  assert.deepEqual(await names(4, { statesFilter: ['Stable'] }), ['stable'])
  assert.deepEqual(await names(5, { statesFilter: [' eMPTY '], typesFilter: ['Classic'] }), ['empty'])
  assert.deepEqual(await names(5, { typesFilter: ['consumer'] }), [])
  const [stable] = (await house.ask(listGroups, 5, { statesFilter: ['stable'] })).groups
  assert.deepEqual([stable!.protocolType, stable!.groupState, stable!.groupType], ['consumer', 'Stable', 'classic'])
})

test('G6: after a restart members go on with their heartbeats, each with a whole session before it', async context => {
  const house = await House.open(context)
  const member = await becomeMember(house, 'g')
  house.clock.advance(9_000)
  await house.restart()
  house.clock.advance(9_000)
  assert.equal(await beatOf(house, 'g', member), 'NONE')
  const resynced = await house.ask(syncGroup, 3, { groupId: 'g', ...member, assignments: [] })
  assert.equal(resynced.assignment.toString(), 'all')
  house.clock.advance(10_000)
  assert.equal(await beatOf(house, 'g', member), 'UNKNOWN_MEMBER_ID')
})

test('members that do not come back after a restart expire', async context => {
  const house = await House.open(context)
  await becomeMember(house, 'g')
  await house.restart()
  const state = async () => (await house.ask(describeGroups, 5, { groups: ['g'] })).groups[0]!.groupState
  house.clock.advance(9_999)
  assert.equal(await state(), 'Stable')
  house.clock.advance(1)
  assert.equal(await state(), 'Empty')
})

test('G6: stopping waits for the writes under way', async context => {
  const slow = Promise.withResolvers<void>()
  const house = await House.open(context, {}, log => replaced(log, 'commitOffsets', () => slow.promise))
  context.after(() => slow.resolve())
  const committing = commitOf(house, 'g', {})
  await setImmediate()
  let stopped = false
  const stopping = house.groups.stop().then(() => {
    stopped = true
  })
  await setTimeout(5)
  assert.equal(stopped, false)
  slow.resolve()
  await stopping
  assert.equal(await committing, 'NONE')
})

test('a group that could not be deleted is there as before', async context => {
  const refuse = () => Promise.reject(new Error('the disk is gone'))
  const house = await House.open(context, {}, log => replaced(log, 'deleteGroup', refuse))
  const member = await becomeMember(house, 'g')
  await leaveOf(house, 'g', member.memberId)
  const { results } = await house.ask(deleteGroups, 2, { groupsNames: ['g'] })
  assert.equal(errorName(results[0]!.errorCode), 'UNKNOWN_SERVER_ERROR')
  assert((await becomeMember(house, 'g')).generationId > member.generationId)
})

test('G6: a static member keeps its place over a restart of the broker and of itself', async context => {
  const house = await House.open(context)
  const joining = joinAt(house, 9, joinRequest('g', { groupInstanceId: 'one' }))
  const { memberId, generationId } = await joining
  const assignments = [{ memberId, assignment: Buffer.from('mine') }]
  await house.ask(syncGroup, 5, { groupId: 'g', generationId, memberId, groupInstanceId: 'one', assignments, ...range })
  await house.restart()
  const back = await house.ask(joinGroup, 9, joinRequest('g', { groupInstanceId: 'one' }))
  assert.deepEqual([errorName(back.errorCode), back.generationId, back.skipAssignment], ['NONE', generationId, true])
  const member = { groupId: 'g', generationId, groupInstanceId: 'one', assignments: [], ...range }
  assert.equal((await house.ask(syncGroup, 5, { ...member, memberId: back.memberId })).assignment.toString(), 'mine')
  const former = await house.ask(syncGroup, 5, { ...member, memberId })
  assert.equal(errorName(former.errorCode), 'FENCED_INSTANCE_ID')
  await house.restart()
  assert.equal((await house.ask(syncGroup, 5, { ...member, memberId: back.memberId })).assignment.toString(), 'mine')
})

test('G2: a group that became empty counts on over a restart', async context => {
  const house = await House.open(context)
  const first = await becomeMember(house, 'g')
  await leaveOf(house, 'g', first.memberId)
  await house.restart()
  assert.equal((await house.ask(describeGroups, 5, { groups: ['g'] })).groups[0]!.groupState, 'Empty')
  const second = await becomeMember(house, 'g')
  assert(second.generationId > first.generationId + 1, 'the empty generation counts too')
})

test('G2: a stored state that cannot be understood costs the members, not the offsets nor the count', async context => {
  const house = await House.open(context)
  const member = await becomeMember(house, 'g')
  await commitOf(house, 'g', { offset: 5 }, member)
  await house.log.storeGroup({ groupId: 'g', state: { version: 2, generationId: 41, members: 'elsewhere' } })
  await house.restart()
  assert.match(house.errors.join(), /kafka\.stored-group-invalid/)
  assert.equal(await beatOf(house, 'g', member), 'UNKNOWN_MEMBER_ID')
  assert.equal((await becomeMember(house, 'g')).generationId, 42)
})

test('G3 G6: nobody receives an assignment that the log refused', async context => {
  const failing = (log: Log): Log => replaced(log, 'storeGroup', () => Promise.reject(new Error('the disk is gone')))
  const house = await House.open(context, {}, failing)
  const { memberId, generationId } = await joinAt(house, 3, joinRequest('g'))
  const assignments = [{ memberId, assignment: Buffer.from('all') }]
  const synced = await house.ask(syncGroup, 3, { groupId: 'g', generationId, memberId, assignments })
  assert.deepEqual([errorName(synced.errorCode), synced.assignment.length], ['UNKNOWN_SERVER_ERROR', 0])
  assert.equal(await beatOf(house, 'g', { memberId, generationId }), 'REBALANCE_IN_PROGRESS')
})

test('G5: stopping answers whoever waits, and nothing keeps ticking', async context => {
  const house = await House.open(context)
  const waiting = house.ask(joinGroup, 3, joinRequest('g'))
  await setImmediate()
  await house.groups.stop()
  assert.equal(errorName((await waiting).errorCode), 'NOT_COORDINATOR')
  assert.equal(house.clock.timers, 0)
  assert.equal(errorName((await house.ask(joinGroup, 3, joinRequest('g'))).errorCode), 'COORDINATOR_NOT_AVAILABLE')
})

test("a group that is being deleted is nobody's until it is gone", async context => {
  const house = await House.open(context)
  const member = await becomeMember(house, 'g')
  await leaveOf(house, 'g', member.memberId)
  const [deleted, meanwhile, twice] = await Promise.all([
    house.ask(deleteGroups, 2, { groupsNames: ['g'] }),
    house.ask(joinGroup, 3, joinRequest('g')),
    house.ask(deleteGroups, 2, { groupsNames: ['g'] }),
  ])
  assert.equal(errorName(deleted.results[0]!.errorCode), 'NONE')
  assert.equal(errorName(meanwhile.errorCode), 'COORDINATOR_NOT_AVAILABLE')
  assert.equal(errorName(twice.results[0]!.errorCode), 'GROUP_ID_NOT_FOUND')
  assert.equal((await becomeMember(house, 'g')).generationId, 1)
})

test('metrics tell of groups, members, rebalances and commits', async context => {
  const house = await House.open(context)
  const member = await becomeMember(house, 'g')
  await commitOf(house, 'g', {}, member)
  await commitOf(house, 'other', {})
  const text = await house.registry.metrics()
  assert.match(text, /^chronicle_groups\{state="Stable"\} 1$/m)
  assert.match(text, /^chronicle_group_members 1$/m)
  assert.match(text, /^chronicle_group_rebalances_total 1$/m)
  assert.match(text, /^chronicle_group_offset_commits_total 2$/m)
  house.clock.advance(10_000)
  assert.match(await house.registry.metrics(), /^chronicle_group_members_expired_total 1$/m)
})

/** The log, but for one of its functions. */
function replaced<Name extends keyof Log>(log: Log, name: Name, value: Log[Name]): Log {
  return new Proxy(log, {
    get: (target, asked) => {
      if (asked === name) return value
      const own: unknown = Reflect.get(target, asked)
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}

/** A JoinGroup whose wait for others is over at once. */
async function joinAt(house: House, version: number, request: Parameters<typeof house.ask<typeof joinGroup>>[2]) {
  const joining = house.ask(joinGroup, version, request)
  await setImmediate()
  house.clock.advance(house.settings.initialRebalanceDelayMs)
  return joining
}
