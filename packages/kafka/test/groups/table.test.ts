import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorName } from '../../src/error-codes.ts'
import { type GroupState, groupStates } from '../../src/groups/group.ts'
import { beat, commit, type Driver, groupIn, join, joined, leave, rejoin, remove, sync, synced } from './driver.ts'

/** What members `a` (leader) and `b` of a group in that state are answered, and strangers. 'waits' = not yet answered. */
type Expected = { readonly answer: ErrorName | 'waits'; readonly state: GroupState }
type Ask = (driver: Driver) => ErrorName | 'waits'

const joinAnswer = (driver: Driver, ticket: number): ErrorName | 'waits' =>
  driver.open.has(ticket) ? 'waits' : joined(driver, ticket).error
const syncAnswer = (driver: Driver, ticket: number): ErrorName | 'waits' =>
  driver.open.has(ticket) ? 'waits' : synced(driver, ticket).error
const other = [{ name: 'range', metadata: Buffer.from('other topics') }]
const alien = [{ name: 'sticky', metadata: Buffer.alloc(0) }]

const asks = {
  'join by a new member': d => joinAnswer(d, join(d, { newMemberId: 'c' })),
  'join that needs an id first': d => joinAnswer(d, join(d, { newMemberId: 'c', memberIdRequired: true })),
  'join with another protocol': d => joinAnswer(d, join(d, { newMemberId: 'c', protocols: alien })),
  'join with another protocol type': d => joinAnswer(d, join(d, { newMemberId: 'c', protocolType: 'connect' })),
  'join without protocols': d => joinAnswer(d, join(d, { newMemberId: 'c', protocols: [] })),
  'rejoin of the leader': d => joinAnswer(d, rejoin(d, { memberId: 'a' })),
  'rejoin of a follower': d => joinAnswer(d, rejoin(d, { memberId: 'b' })),
  'rejoin with a new subscription': d => joinAnswer(d, rejoin(d, { memberId: 'b', protocols: other })),
  'rejoin of a stranger': d => joinAnswer(d, rejoin(d, { memberId: 'x' })),
  'sync of a follower': d => syncAnswer(d, sync(d, { memberId: 'b' })),
  'sync of the leader': d => syncAnswer(d, sync(d, { memberId: 'a' })),
  'sync of a stranger': d => syncAnswer(d, sync(d, { memberId: 'x' })),
  'sync of an old generation': d => syncAnswer(d, sync(d, { memberId: 'b', generationId: 0 })),
  'sync under another protocol': d => syncAnswer(d, sync(d, { memberId: 'b', protocolName: 'sticky' })),
  heartbeat: d => beat(d, { memberId: 'b' }),
  'heartbeat of a stranger': d => beat(d, { memberId: 'x' }),
  'heartbeat of an old generation': d => beat(d, { memberId: 'b', generationId: 0 }),
  leave: d => leave(d, { memberId: 'b' })[0]!,
  'leave of a stranger': d => leave(d, { memberId: 'x' })[0]!,
  commit: d => commit(d, { memberId: 'b' }),
  'commit of an old generation': d => commit(d, { memberId: 'b', generationId: 0 }),
  'commit of a stranger': d => commit(d, { memberId: 'x' }),
  'commit from outside': d => commit(d, { memberId: '', generationId: -1 }),
  delete: d => remove(d),
} as const satisfies Record<string, Ask>

const E = (answer: Expected['answer'], state: GroupState): Expected => ({ answer, state })
const P = 'PreparingRebalance'
const C = 'CompletingRebalance'

/** Answers as Apache Kafka's coordinator gives them; the columns are the states in which the question comes. */
const expected: { readonly [A in keyof typeof asks]: { readonly [S in Exclude<GroupState, 'Dead'>]: Expected } } = {
  'join by a new member': { Empty: E('waits', P), [P]: E('waits', P), [C]: E('waits', P), Stable: E('waits', P) },
  'join that needs an id first': {
    Empty: E('MEMBER_ID_REQUIRED', 'Empty'),
    [P]: E('MEMBER_ID_REQUIRED', P),
    [C]: E('MEMBER_ID_REQUIRED', C),
    Stable: E('MEMBER_ID_REQUIRED', 'Stable'),
  },
  'join with another protocol': {
    Empty: E('waits', P),
    [P]: E('INCONSISTENT_GROUP_PROTOCOL', P),
    [C]: E('INCONSISTENT_GROUP_PROTOCOL', C),
    Stable: E('INCONSISTENT_GROUP_PROTOCOL', 'Stable'),
  },
  'join with another protocol type': {
    Empty: E('waits', P),
    [P]: E('INCONSISTENT_GROUP_PROTOCOL', P),
    [C]: E('INCONSISTENT_GROUP_PROTOCOL', C),
    Stable: E('INCONSISTENT_GROUP_PROTOCOL', 'Stable'),
  },
  'join without protocols': {
    Empty: E('INCONSISTENT_GROUP_PROTOCOL', 'Empty'),
    [P]: E('INCONSISTENT_GROUP_PROTOCOL', P),
    [C]: E('INCONSISTENT_GROUP_PROTOCOL', C),
    Stable: E('INCONSISTENT_GROUP_PROTOCOL', 'Stable'),
  },
  // In the join phase the leader has joined already; its second JoinGroup takes the place of the first.
  'rejoin of the leader': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('waits', P),
    [C]: E('NONE', C),
    Stable: E('waits', P),
  },
  // The last one that the join phase waited for.
  'rejoin of a follower': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('NONE', C),
    [C]: E('NONE', C),
    Stable: E('NONE', 'Stable'),
  },
  'rejoin with a new subscription': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('NONE', C),
    [C]: E('waits', P),
    Stable: E('waits', P),
  },
  'rejoin of a stranger': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('UNKNOWN_MEMBER_ID', P),
    [C]: E('UNKNOWN_MEMBER_ID', C),
    Stable: E('UNKNOWN_MEMBER_ID', 'Stable'),
  },
  'sync of a follower': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('REBALANCE_IN_PROGRESS', P),
    [C]: E('waits', C),
    Stable: E('NONE', 'Stable'),
  },
  // The leader waits for the disk.
  'sync of the leader': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('REBALANCE_IN_PROGRESS', P),
    [C]: E('waits', C),
    Stable: E('NONE', 'Stable'),
  },
  'sync of a stranger': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('UNKNOWN_MEMBER_ID', P),
    [C]: E('UNKNOWN_MEMBER_ID', C),
    Stable: E('UNKNOWN_MEMBER_ID', 'Stable'),
  },
  'sync of an old generation': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('ILLEGAL_GENERATION', P),
    [C]: E('ILLEGAL_GENERATION', C),
    Stable: E('ILLEGAL_GENERATION', 'Stable'),
  },
  'sync under another protocol': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('INCONSISTENT_GROUP_PROTOCOL', P),
    [C]: E('INCONSISTENT_GROUP_PROTOCOL', C),
    Stable: E('INCONSISTENT_GROUP_PROTOCOL', 'Stable'),
  },
  heartbeat: {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('REBALANCE_IN_PROGRESS', P),
    [C]: E('NONE', C),
    Stable: E('NONE', 'Stable'),
  },
  'heartbeat of a stranger': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('UNKNOWN_MEMBER_ID', P),
    [C]: E('UNKNOWN_MEMBER_ID', C),
    Stable: E('UNKNOWN_MEMBER_ID', 'Stable'),
  },
  'heartbeat of an old generation': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('ILLEGAL_GENERATION', P),
    [C]: E('ILLEGAL_GENERATION', C),
    Stable: E('ILLEGAL_GENERATION', 'Stable'),
  },
  // In the join phase only `a` is left then, and it has joined.
  leave: { Empty: E('UNKNOWN_MEMBER_ID', 'Empty'), [P]: E('NONE', C), [C]: E('NONE', P), Stable: E('NONE', P) },
  'leave of a stranger': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('UNKNOWN_MEMBER_ID', P),
    [C]: E('UNKNOWN_MEMBER_ID', C),
    Stable: E('UNKNOWN_MEMBER_ID', 'Stable'),
  },
  commit: {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('NONE', P),
    [C]: E('REBALANCE_IN_PROGRESS', C),
    Stable: E('NONE', 'Stable'),
  },
  'commit of an old generation': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('ILLEGAL_GENERATION', P),
    [C]: E('ILLEGAL_GENERATION', C),
    Stable: E('ILLEGAL_GENERATION', 'Stable'),
  },
  'commit of a stranger': {
    Empty: E('UNKNOWN_MEMBER_ID', 'Empty'),
    [P]: E('UNKNOWN_MEMBER_ID', P),
    [C]: E('UNKNOWN_MEMBER_ID', C),
    Stable: E('UNKNOWN_MEMBER_ID', 'Stable'),
  },
  'commit from outside': {
    Empty: E('NONE', 'Empty'),
    [P]: E('UNKNOWN_MEMBER_ID', P),
    [C]: E('UNKNOWN_MEMBER_ID', C),
    Stable: E('UNKNOWN_MEMBER_ID', 'Stable'),
  },
  delete: {
    Empty: E('NONE', 'Dead'),
    [P]: E('NON_EMPTY_GROUP', P),
    [C]: E('NON_EMPTY_GROUP', C),
    Stable: E('NON_EMPTY_GROUP', 'Stable'),
  },
}

for (const [name, ask] of Object.entries(asks) as [keyof typeof asks, Ask][]) {
  test(`${name}, in every state`, () => {
    for (const state of groupStates) {
      const driver = groupIn(state)
      const wanted = state === 'Dead' ? dead(name) : expected[name][state]
      assert.deepEqual({ answer: ask(driver), state: driver.group.state }, wanted, `in ${state}`)
    }
  })
}

function dead(name: keyof typeof asks): Expected {
  if (name === 'delete') return E('GROUP_ID_NOT_FOUND', 'Dead')
  return E('COORDINATOR_NOT_AVAILABLE', 'Dead')
}
