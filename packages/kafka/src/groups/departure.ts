import type { ErrorName } from '../error-codes.ts'
import type { Action, GroupEvent, MemberIdentity, Turn } from './events.ts'
import { type Member, memberOf, removeMember } from './group.ts'
import { completeJoinIfReady, rebalance } from './rebalance.ts'
import {
  answerSync,
  answerVerdict,
  disarmDeadline,
  disarmSession,
  endJoinWait,
  enter,
  identify,
  joinRefusal,
  say,
  syncRefusal,
} from './turn.ts'

/** LeaveGroup: each member is judged by itself; the group rebalances once. */
export function leave(turn: Turn, event: GroupEvent['leave']): void {
  const { group, effects } = turn
  const before = group.members.size
  const members = event.members.map(({ reason, ...identity }) => ({
    ...identity,
    error: leaveOne(turn, identity, reason),
  }))
  effects.push({ type: 'reply', ticket: event.ticket, to: 'leave', answer: { error: 'NONE', members } })
  if (group.members.size < before) rebalance(turn, 'members left')
  // An id that was handed out has been given back: nobody waits for it any more.
  else completeJoinIfReady(turn)
}

/** A member's session has ended, unless what it waits for is itself the sign that it is there. */
export function expireMember(turn: Turn, { memberId }: GroupEvent['sessionExpired']): void {
  const { group } = turn
  if (group.pendingJoin.delete(memberId)) completeJoinIfReady(turn)
  const member = group.members.get(memberId)
  if (!member) return
  // A new member waits for its first answer, perhaps on a connection that is long gone: its wait is no sign of life.
  if (!member.isNew && (member.joinTicket !== undefined || member.syncTicket !== undefined)) return
  say(turn, 'member has expired', { memberId, sessionTimeoutMs: member.sessionTimeoutMs })
  turn.effects.push({ type: 'count', what: 'expiredMember' })
  remove(turn, member)
  rebalance(turn, `member ${memberId} was silent`)
}

/** In an empty group only ids that were handed out can expire. */
export function expirePending(turn: Turn, { memberId }: GroupEvent['sessionExpired']): void {
  turn.group.pendingJoin.delete(memberId)
}

/** The group has no members and goes. */
export function dissolve(turn: Turn, event: GroupEvent['delete']): void {
  forget(turn)
  answerVerdict(turn, event.ticket, 'NONE')
}

/** The broker stops: whoever waits looks for the coordinator again, and finds it after the restart. */
export function unload(turn: Turn): void {
  for (const member of turn.group.members.values()) {
    endJoinWait(turn, member, joinRefusal('NOT_COORDINATOR', member.memberId))
    if (member.syncTicket !== undefined) answerSync(turn, member.syncTicket, syncRefusal('NOT_COORDINATOR'))
    member.syncTicket = undefined
    disarmSession(turn, member.memberId)
  }
  forget(turn)
}

export function refuse<E extends 'heartbeat' | 'commit' | 'delete'>(error: ErrorName): Action<E> {
  return (turn, event: GroupEvent['heartbeat' | 'commit' | 'delete']) => answerVerdict(turn, event.ticket, error)
}

function forget(turn: Turn): void {
  const { group } = turn
  for (const memberId of group.pendingJoin) disarmSession(turn, memberId)
  group.pendingJoin.clear()
  disarmDeadline(turn, 'join')
  disarmDeadline(turn, 'sync')
  enter(turn, 'Dead')
}

function leaveOne(turn: Turn, identity: MemberIdentity, reason: string | null): ErrorName {
  const { group } = turn
  const { instanceId } = identity
  // Without a member id an administrator removes a static member (KIP-345).
  const byInstance = identity.memberId === '' && instanceId !== null ? group.staticMembers.get(instanceId) : undefined
  const memberId = byInstance ?? identity.memberId
  if (group.pendingJoin.delete(memberId)) {
    disarmSession(turn, memberId)
    return 'NONE'
  }
  const error = identify(group, { memberId, instanceId })
  if (error !== 'NONE') return error
  say(turn, 'member left', { memberId, reason: reason ?? 'no reason given' })
  remove(turn, memberOf(group, memberId))
  return 'NONE'
}

function remove(turn: Turn, member: Member): void {
  endJoinWait(turn, member, joinRefusal('UNKNOWN_MEMBER_ID'))
  if (member.syncTicket !== undefined) answerSync(turn, member.syncTicket, syncRefusal('UNKNOWN_MEMBER_ID'))
  member.syncTicket = undefined
  disarmSession(turn, member.memberId)
  removeMember(turn.group, member.memberId)
}
