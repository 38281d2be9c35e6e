import type { ErrorName } from '../error-codes.ts'
import type { Action, GroupEvent, MemberIdentity, SyncAnswer, Turn } from './events.ts'
import { type Group, type Member, memberOf, noAssignment, protocolsBytes, removeMember } from './group.ts'
import { prepareRebalance } from './rebalance.ts'
import { storedForm } from './stored-group.ts'
import {
  answerSync,
  answerVerdict,
  disarmDeadline,
  disarmSession,
  endJoinWait,
  endSyncWait,
  enter,
  identify,
  joinRefusal,
  renewSession,
  say,
  syncRefusal,
} from './turn.ts'

type Sync = GroupEvent['sync']

/** SyncGroup of a member of the current generation goes to `goOn`; any other is refused. */
export function sync(goOn: (turn: Turn, event: Sync, member: Member) => void): Action<'sync'> {
  return (turn, event) => {
    const error = checkSync(turn.group, event)
    if (error !== 'NONE') answerSync(turn, event.ticket, syncRefusal(error))
    else goOn(turn, event, memberOf(turn.group, event.memberId))
  }
}

/** Is this a member of the current generation? G8: everything that belongs to a generation passes here. */
export function checkGeneration(group: Group, event: MemberIdentity & { readonly generationId: number }): ErrorName {
  const error = identify(group, event)
  if (error !== 'NONE') return error
  return event.generationId === group.generationId ? 'NONE' : 'ILLEGAL_GENERATION'
}

export function mustRejoin(turn: Turn, event: Sync): void {
  answerSync(turn, event.ticket, syncRefusal('REBALANCE_IN_PROGRESS'))
}

/** The member waits for its assignment; the leader brings everybody's, which is stored before anyone receives it (G3). */
export function awaitAssignment(turn: Turn, event: Sync, member: Member): void {
  const { group, settings } = turn
  const leads = member.memberId === group.leaderId
  if (leads && proposedBytes(group, event) > settings.groupMetadataBytesMax) {
    answerSync(turn, event.ticket, syncRefusal('POLICY_VIOLATION'))
    return
  }
  if (member.syncTicket !== undefined) answerSync(turn, member.syncTicket, syncRefusal('REBALANCE_IN_PROGRESS'))
  member.syncTicket = event.ticket
  synced(turn, member)
  if (!leads || group.proposal) return
  group.proposal = event.assignments
  const next = { type: 'assignmentStored', generationId: group.generationId } as const
  turn.effects.push({ type: 'store', state: storedForm(group), next })
}

export function answerAssignment(turn: Turn, event: Sync, member: Member): void {
  synced(turn, member)
  answerSync(turn, event.ticket, assigned(turn.group, member))
}

/** The generation is durable: every member of it that waits receives what the leader gave it. */
export function handOut(turn: Turn, event: GroupEvent['assignmentStored']): void {
  const { group } = turn
  // A generation that has passed meanwhile is nobody's any more.
  if (event.generationId !== group.generationId || !group.proposal) return
  if (event.error !== 'NONE') {
    for (const member of group.members.values()) endSyncWait(turn, member, syncRefusal(event.error))
    prepareRebalance(turn, `the assignment could not be stored: ${event.error}`)
    return
  }
  for (const member of group.members.values()) {
    member.assignment = group.proposal.get(member.memberId) ?? noAssignment
    endSyncWait(turn, member, assigned(group, member))
  }
  group.proposal = undefined
  enter(turn, 'Stable')
  turn.effects.push({ type: 'count', what: 'rebalance' })
}

/** Members that joined and then said nothing more would hold the others up: they are out. */
export function removeUnsynced(turn: Turn): void {
  const { group } = turn
  const unsynced = [...group.pendingSync]
  if (unsynced.length === 0) return
  for (const memberId of unsynced) {
    endJoinWait(turn, memberOf(group, memberId), joinRefusal('UNKNOWN_MEMBER_ID'))
    disarmSession(turn, memberId)
    removeMember(group, memberId)
    say(turn, 'member did not sync in time', { memberId })
  }
  prepareRebalance(turn, 'members did not sync in time')
}

/** A sign of life, answered with `answer`. */
export function heartbeat(answer: 'NONE' | 'REBALANCE_IN_PROGRESS'): Action<'heartbeat'> {
  return (turn, event) => {
    const error = checkGeneration(turn.group, event)
    if (error === 'NONE') renewSession(turn, memberOf(turn.group, event.memberId))
    answerVerdict(turn, event.ticket, error === 'NONE' ? answer : error)
  }
}

/** G8: in a group with members only those of its generation commit. A commit is a sign of life, except while the generation is being assigned. */
export function commit(answer: 'NONE' | 'REBALANCE_IN_PROGRESS'): Action<'commit'> {
  return (turn, event) => {
    const anonymous = event.generationId < 0 && event.memberId === '' && event.instanceId === null
    const error = anonymous ? 'UNKNOWN_MEMBER_ID' : checkGeneration(turn.group, event)
    if (error === 'NONE' && answer === 'NONE') renewSession(turn, memberOf(turn.group, event.memberId))
    answerVerdict(turn, event.ticket, error === 'NONE' ? answer : error)
  }
}

/** An empty group takes commits of those who are outside of group management; a generation it has none. */
export function commitToEmpty(turn: Turn, event: GroupEvent['commit']): void {
  answerVerdict(turn, event.ticket, event.generationId < 0 ? 'NONE' : 'UNKNOWN_MEMBER_ID')
}

function checkSync(group: Group, event: Sync): ErrorName {
  const error = checkGeneration(group, event)
  if (error !== 'NONE') return error
  const agrees =
    (event.protocolType === null || event.protocolType === group.protocolType) &&
    (event.protocolName === null || event.protocolName === group.protocolName)
  return agrees ? 'NONE' : 'INCONSISTENT_GROUP_PROTOCOL'
}

function synced(turn: Turn, { memberId }: Member): void {
  const { pendingSync } = turn.group
  if (pendingSync.delete(memberId) && pendingSync.size === 0) disarmDeadline(turn, 'sync')
}

function assigned({ protocolType, protocolName }: Group, { assignment }: Member): SyncAnswer {
  return { error: 'NONE', protocolType, protocolName, assignment }
}

function proposedBytes(group: Group, { assignments }: Sync): number {
  let bytes = 0
  for (const { protocols } of group.members.values()) bytes += protocolsBytes(protocols)
  for (const [memberId, assignment] of assignments) bytes += Buffer.byteLength(memberId) + assignment.length
  return bytes
}
