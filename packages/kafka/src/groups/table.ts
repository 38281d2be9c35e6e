import { dissolve, expireMember, expirePending, leave, refuse, unload } from './departure.ts'
import type { Action, EventName, GroupEvent, Turn } from './events.ts'
import type { GroupState } from './group.ts'
import {
  answerReplaced,
  awaitGeneration,
  join,
  rejoin,
  rejoinGeneration,
  rejoinStable,
  replacedWhileAssigning,
  replacedWhileJoining,
  replacedWhileStable,
} from './join.ts'
import { joinDeadline } from './rebalance.ts'
import {
  answerAssignment,
  awaitAssignment,
  commit,
  commitToEmpty,
  handOut,
  heartbeat,
  mustRejoin,
  removeUnsynced,
  sync,
} from './sync.ts'
import { answerJoin, answerSync, joinRefusal, syncRefusal } from './turn.ts'

/** What an event does in a state. Every state has a cell for every event: one that is missing does not compile. */
type Table = { readonly [S in GroupState]: { readonly [E in EventName]: Action<E> } }

/** A timer that fired, or a write that ended, after the state it belonged to: the group has moved on. */
const late = (): void => undefined

export const groupTable: Table = {
  // No members. Offsets may be there, and ids that were handed out to members on their way.
  Empty: {
    // The first member opens the join phase, and others get a moment to come along.
    join: join(replacedWhileJoining),
    // Only an id that was handed out is known here; a member of an earlier generation starts anew without its id.
    rejoin: rejoin(awaitGeneration),
    // There is no member that could have been told of a generation.
    sync: (turn, { ticket }) => answerSync(turn, ticket, syncRefusal('UNKNOWN_MEMBER_ID')),
    heartbeat: refuse('UNKNOWN_MEMBER_ID'),
    // Gives a handed-out id back; anybody else is unknown.
    leave,
    // Consumers with assigned partitions, and administrators, commit without being members.
    commit: commitToEmpty,
    // Nobody depends on the group.
    delete: dissolve,
    // An id that was handed out was never used.
    sessionExpired: expirePending,
    // The join phase ended with nobody left in it.
    joinDeadline: late,
    syncDeadline: late,
    assignmentStored: late,
    memberStored: late,
    unload,
  },
  // The join phase: members hear of it by REBALANCE_IN_PROGRESS and join; their JoinGroups wait.
  PreparingRebalance: {
    // One more takes part; a static member takes its former place.
    join: join(replacedWhileJoining),
    // The member is back; when all are, the phase ends.
    rejoin: rejoin(awaitGeneration),
    // The generation that the member wants an assignment of is over.
    sync: sync(mustRejoin),
    // Alive, and told to join.
    heartbeat: heartbeat('REBALANCE_IN_PROGRESS'),
    // The phase may have waited for this one only.
    leave,
    // The last chance to say how far the old generation got: its partitions are given up with the JoinGroup.
    commit: commit('NONE'),
    // There are members.
    delete: refuse('NON_EMPTY_GROUP'),
    // Who has joined is alive by waiting; who has not is out.
    sessionExpired: expireMember,
    // Long enough: the generation begins with those who came.
    joinDeadline,
    // The generation whose members it pressed is over.
    syncDeadline: late,
    // Its generation is over; what was stored is replaced by the next one.
    assignmentStored: late,
    // The member waits in this join phase now and is answered with the others.
    memberStored: late,
    unload,
  },
  // The generation has begun; its leader is assigning, the others wait for that in SyncGroup.
  CompletingRebalance: {
    // The leader does not know of this one: again from the start.
    join: join(replacedWhileAssigning),
    // The answer got lost: once more. With a new subscription: again from the start.
    rejoin: rejoin(rejoinGeneration),
    // Waits for the leader; the leader's own is stored.
    sync: sync(awaitAssignment),
    // Alive; clients begin with heartbeats before they have their assignment.
    heartbeat: heartbeat('NONE'),
    // The leader is assigning to somebody who has gone: again from the start.
    leave,
    // The member has no assignment yet, so that what it read belongs to the generation before.
    commit: commit('REBALANCE_IN_PROGRESS'),
    // There are members.
    delete: refuse('NON_EMPTY_GROUP'),
    // As with leaving; who waits in SyncGroup is alive by waiting.
    sessionExpired: expireMember,
    // The join phase has ended.
    joinDeadline: late,
    // Somebody, perhaps the leader, joined and fell silent.
    syncDeadline: removeUnsynced,
    // Durable: members receive what they were given. Failed: again from the start.
    assignmentStored: handOut,
    // The member was answered when this generation began.
    memberStored: late,
    unload,
  },
  // Every member has its assignment, or gets it by asking.
  Stable: {
    // A new member needs partitions: all join again. A static one that restarted takes over its own.
    join: join(replacedWhileStable),
    // The leader, or a changed subscription: all join again. Otherwise the answer got lost: once more.
    rejoin: rejoin(rejoinStable),
    // The assignment is there.
    sync: sync(answerAssignment),
    heartbeat: heartbeat('NONE'),
    // The others take over its partitions.
    leave,
    commit: commit('NONE'),
    // There are members.
    delete: refuse('NON_EMPTY_GROUP'),
    // The others take over its partitions.
    sessionExpired: expireMember,
    // The join phase has ended.
    joinDeadline: late,
    // A member never fetched its assignment: its partitions go to others.
    syncDeadline: removeUnsynced,
    // Of an earlier generation: this one became stable by its own.
    assignmentStored: late,
    // The restarted static member goes on.
    memberStored: answerReplaced,
    unload,
  },
  // Deleted or unloaded. Whoever asks has come in between and may ask again.
  Dead: {
    join: (turn, { ticket }) => answerJoin(turn, ticket, joinRefusal('COORDINATOR_NOT_AVAILABLE')),
    rejoin: (turn, { ticket, memberId }) =>
      answerJoin(turn, ticket, joinRefusal('COORDINATOR_NOT_AVAILABLE', memberId)),
    sync: (turn, { ticket }) => answerSync(turn, ticket, syncRefusal('COORDINATOR_NOT_AVAILABLE')),
    heartbeat: refuse('COORDINATOR_NOT_AVAILABLE'),
    leave: (turn, { ticket }) =>
      void turn.effects.push({
        ...{ type: 'reply', ticket, to: 'leave' },
        answer: { error: 'COORDINATOR_NOT_AVAILABLE', members: [] },
      }),
    commit: refuse('COORDINATOR_NOT_AVAILABLE'),
    // Somebody else deleted it a moment ago.
    delete: refuse('GROUP_ID_NOT_FOUND'),
    // Whatever was under way when the group died.
    sessionExpired: late,
    joinDeadline: late,
    syncDeadline: late,
    assignmentStored: late,
    memberStored: late,
    unload: late,
  },
}

/** Lets `event` happen to the group: changes it, and gathers in `turn.effects` what is to be done outside. */
export function happen<E extends EventName>(turn: Turn, name: E, event: GroupEvent[E]): void {
  const actions: { readonly [N in EventName]: Action<N> } = groupTable[turn.group.state]
  actions[name](turn, event)
}
