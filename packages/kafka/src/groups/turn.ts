import type { ErrorName } from '../error-codes.ts'
import type { JoinAnswer, MemberIdentity, SyncAnswer, Turn } from './events.ts'
import { type Group, type GroupState, type Member, metadataUnder, noAssignment } from './group.ts'

export function answerVerdict(turn: Turn, ticket: number, answer: ErrorName): void {
  turn.effects.push({ type: 'reply', ticket, to: 'verdict', answer })
}

export function answerJoin(turn: Turn, ticket: number, answer: JoinAnswer): void {
  turn.effects.push({ type: 'reply', ticket, to: 'join', answer })
}

export function answerSync(turn: Turn, ticket: number, answer: SyncAnswer): void {
  turn.effects.push({ type: 'reply', ticket, to: 'sync', answer })
}

export function joinRefusal(error: ErrorName, memberId = ''): JoinAnswer {
  const nothing = { protocolType: null, protocolName: null, leaderId: '', skipAssignment: false, members: [] }
  return { error, memberId, generationId: -1, ...nothing }
}

export function syncRefusal(error: ErrorName): SyncAnswer {
  return { error, protocolType: null, protocolName: null, assignment: noAssignment }
}

/** What `member` is told of the current generation; its leader learns who is in it. */
export function joinAnswer(group: Group, member: Member): JoinAnswer {
  const { generationId, protocolType, protocolName, leaderId } = group
  return {
    error: 'NONE',
    memberId: member.memberId,
    generationId,
    protocolType,
    protocolName,
    leaderId: leaderId ?? '',
    skipAssignment: false,
    members: member.memberId === leaderId ? everybody(group) : [],
  }
}

/** All members, with what they said under the chosen protocol. */
export function everybody(group: Group): JoinAnswer['members'] {
  return [...group.members.values()].map(member => ({
    memberId: member.memberId,
    instanceId: member.instanceId,
    metadata: metadataUnder(member, group.protocolName) ?? noAssignment,
  }))
}

/** Answers the JoinGroup that waits, if there is one. */
export function endJoinWait(turn: Turn, member: Member, answer: JoinAnswer): void {
  if (member.joinTicket === undefined) return
  answerJoin(turn, member.joinTicket, answer)
  member.joinTicket = undefined
}

/** Answers the SyncGroup that waits, if there is one; its session begins anew, since its wait counted as a sign of life. */
export function endSyncWait(turn: Turn, member: Member, answer: SyncAnswer): void {
  if (member.syncTicket === undefined) return
  answerSync(turn, member.syncTicket, answer)
  member.syncTicket = undefined
  renewSession(turn, member)
}

export function renewSession(turn: Turn, { memberId, sessionTimeoutMs }: Member): void {
  armSession(turn, memberId, sessionTimeoutMs)
}

export function armSession(turn: Turn, memberId: string, afterMs: number): void {
  turn.effects.push({ type: 'arm', timer: { of: 'session', memberId }, afterMs })
}

export function disarmSession(turn: Turn, memberId: string): void {
  turn.effects.push({ type: 'disarm', timer: { of: 'session', memberId } })
}

export function armDeadline(turn: Turn, of: 'join' | 'sync', afterMs: number): void {
  turn.effects.push({ type: 'arm', timer: { of }, afterMs })
}

export function disarmDeadline(turn: Turn, of: 'join' | 'sync'): void {
  turn.effects.push({ type: 'disarm', timer: { of } })
}

export function say(turn: Turn, message: string, fields: Record<string, unknown> = {}): void {
  const { groupId, generationId } = turn.group
  turn.effects.push({ type: 'log', message, fields: { groupId, generationId, ...fields } })
}

export function enter(turn: Turn, state: GroupState): void {
  turn.group.state = state
  turn.group.stateTimestampMs = turn.nowMs
}

/**
 * Is this the member that it says it is? A static member is known by its instance id: another member id under it belongs to
 * a process that has been replaced (G4).
 */
export function identify(group: Group, { memberId, instanceId }: MemberIdentity): ErrorName {
  if (instanceId !== null) {
    const current = group.staticMembers.get(instanceId)
    if (current === undefined) return 'UNKNOWN_MEMBER_ID'
    if (current !== memberId) return 'FENCED_INSTANCE_ID'
  }
  return group.members.has(memberId) ? 'NONE' : 'UNKNOWN_MEMBER_ID'
}
