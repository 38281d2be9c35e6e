import type { Action, GroupEvent, JoinFields, Turn } from './events.ts'
import {
  addMember,
  joinedCount,
  type Member,
  memberOf,
  metadataBytes,
  noAssignment,
  protocolsBytes,
  removeMember,
  replaceMember,
} from './group.ts'
import { sameProtocols, selectProtocol, supportsProtocols } from './protocols.ts'
import { completeJoinIfReady, prepareRebalance, rebalance } from './rebalance.ts'
import { storedForm } from './stored-group.ts'
import {
  answerJoin,
  answerSync,
  armSession,
  disarmSession,
  endJoinWait,
  everybody,
  identify,
  joinAnswer,
  joinRefusal,
  renewSession,
  say,
  syncRefusal,
} from './turn.ts'

type Join = GroupEvent['join']
type Rejoin = GroupEvent['rejoin']

/** JoinGroup without a member id. `goOn` says what becomes of a static member that was replaced by this process. */
export function join(goOn: (turn: Turn, event: Join, member: Member, formerLeaderId: string) => void): Action<'join'> {
  return (turn, event) => {
    const { group } = turn
    const formerId = event.instanceId === null ? undefined : group.staticMembers.get(event.instanceId)
    if (!hasRoom(turn, event, formerId)) return answerJoin(turn, event.ticket, joinRefusal('GROUP_MAX_SIZE_REACHED'))
    if (!supportsProtocols(group, event.protocolType, event.protocols)) {
      return answerJoin(turn, event.ticket, joinRefusal('INCONSISTENT_GROUP_PROTOCOL'))
    }
    if (formerId !== undefined) {
      const formerLeaderId = group.leaderId ?? ''
      goOn(turn, event, replace(turn, event, formerId), formerLeaderId)
    } else if (event.instanceId === null && event.memberIdRequired) handOutId(turn, event)
    else admit(turn, event, event.newMemberId)
  }
}

/** JoinGroup with a member id. `goOn` says what it means from somebody who is a member. */
export function rejoin(goOn: (turn: Turn, event: Rejoin, member: Member) => void): Action<'rejoin'> {
  return (turn, event) => {
    const { group } = turn
    if (!hasRoom(turn, event, event.memberId)) return refuseForRoom(turn, event)
    if (!supportsProtocols(group, event.protocolType, event.protocols)) {
      return answerJoin(turn, event.ticket, joinRefusal('INCONSISTENT_GROUP_PROTOCOL', event.memberId))
    }
    if (event.instanceId === null && group.pendingJoin.has(event.memberId)) return admit(turn, event, event.memberId)
    const error = identify(group, event)
    if (error !== 'NONE') return answerJoin(turn, event.ticket, joinRefusal(error, event.memberId))
    goOn(turn, event, memberOf(group, event.memberId))
  }
}

/** The member waits for the join phase to end. */
export function awaitGeneration(turn: Turn, event: Rejoin, member: Member): void {
  update(turn, event, member)
  completeJoinIfReady(turn)
}

/** The generation has been answered and is being assigned: who has nothing new to say is answered again. */
export function rejoinGeneration(turn: Turn, event: Rejoin, member: Member): void {
  if (sameProtocols(member, event.protocols)) answerJoin(turn, event.ticket, joinAnswer(turn.group, member))
  else {
    update(turn, event, member)
    prepareRebalance(turn, `member ${member.memberId} changed its subscription: ${event.reason ?? 'no reason given'}`)
  }
}

/** A leader joins again when it wants to assign anew (its topics have changed); others when their subscription has. */
export function rejoinStable(turn: Turn, event: Rejoin, member: Member): void {
  if (turn.group.leaderId !== member.memberId) rejoinGeneration(turn, event, member)
  else {
    update(turn, event, member)
    prepareRebalance(turn, `leader ${member.memberId} joined again: ${event.reason ?? 'no reason given'}`)
  }
}

export function replacedWhileJoining(turn: Turn): void {
  completeJoinIfReady(turn)
}

/** The leader is assigning to the id that has gone: everybody joins again. */
export function replacedWhileAssigning(turn: Turn, event: Join, member: Member): void {
  prepareRebalance(turn, `static member ${event.instanceId} came back as ${member.memberId}`)
}

/** A restarted static member takes over the assignment without a rebalance, unless its protocols change the group's choice. */
export function replacedWhileStable(turn: Turn, event: Join, member: Member, formerLeaderId: string): void {
  const { group } = turn
  if (selectProtocol(group) !== group.protocolName) {
    prepareRebalance(turn, `static member ${event.instanceId} came back with other protocols`)
    return
  }
  // A leader that came back must not assign: nobody would receive it. Clients before v9 cannot be told so, but that they
  // are not the leader: they are given the id of their former process.
  const leads = group.leaderId === member.memberId
  const skipAssignment = leads && event.skipAssignmentSupported
  const leaderId = event.skipAssignmentSupported ? (group.leaderId ?? '') : formerLeaderId
  const next = { type: 'memberStored', memberId: member.memberId, leaderId, skipAssignment } as const
  turn.effects.push({ type: 'store', state: storedForm(group), next })
}

/** The new id of a static member is durable: its process may go on with the generation. */
export function answerReplaced(turn: Turn, event: GroupEvent['memberStored']): void {
  const { group } = turn
  const member = group.members.get(event.memberId)
  if (member?.joinTicket === undefined) return
  if (event.error !== 'NONE') endJoinWait(turn, member, joinRefusal(event.error))
  else {
    const { leaderId, skipAssignment } = event
    const members = skipAssignment ? everybody(group) : []
    endJoinWait(turn, member, { ...joinAnswer(group, member), leaderId, skipAssignment, members })
  }
  renewSession(turn, member)
}

function handOutId(turn: Turn, { ticket, newMemberId, sessionTimeoutMs }: Join): void {
  const { group, settings } = turn
  if (group.pendingJoin.size >= settings.membersPerGroupMax) {
    answerJoin(turn, ticket, joinRefusal('GROUP_MAX_SIZE_REACHED'))
  } else {
    group.pendingJoin.add(newMemberId)
    armSession(turn, newMemberId, sessionTimeoutMs)
    answerJoin(turn, ticket, joinRefusal('MEMBER_ID_REQUIRED', newMemberId))
  }
}

function hasRoom({ group, settings }: Turn, event: JoinFields, memberId: string | undefined): boolean {
  const member = memberId === undefined ? undefined : group.members.get(memberId)
  const otherBytes = metadataBytes(group) - (member ? protocolsBytes(member.protocols) : 0)
  if (otherBytes + protocolsBytes(event.protocols) > settings.groupMetadataBytesMax) return false
  // While a group joins, the places go to those who come first: who has not joined yet may lose its own.
  if (group.state === 'PreparingRebalance') {
    return member?.joinTicket !== undefined || joinedCount(group) < settings.membersPerGroupMax
  }
  return member !== undefined || group.members.size < settings.membersPerGroupMax
}

function refuseForRoom(turn: Turn, event: Rejoin): void {
  const { group } = turn
  answerJoin(turn, event.ticket, joinRefusal('GROUP_MAX_SIZE_REACHED'))
  if (group.state !== 'PreparingRebalance' || identify(group, event) !== 'NONE') return
  disarmSession(turn, event.memberId)
  removeMember(group, event.memberId)
  completeJoinIfReady(turn)
}

function admit(turn: Turn, event: Join | Rejoin, memberId: string): void {
  const { group, settings } = turn
  const { instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols, ticket } = event
  const member: Member = {
    ...{ memberId, instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols },
    ...{ assignment: noAssignment, isNew: true, joinTicket: ticket, syncTicket: undefined },
  }
  addMember(group, member, event.protocolType)
  if (group.initialDelay) group.initialDelay.memberAdded = true
  armSession(turn, memberId, settings.newMemberJoinTimeoutMs)
  rebalance(turn, `member ${memberId} joined: ${event.reason ?? 'no reason given'}`)
}

/** G4: from here on the former process is fenced, whatever it waits for. */
function replace(turn: Turn, event: Join, formerId: string): Member {
  const { group } = turn
  const former = memberOf(group, formerId)
  endJoinWait(turn, former, joinRefusal('FENCED_INSTANCE_ID', formerId))
  if (former.syncTicket !== undefined) answerSync(turn, former.syncTicket, syncRefusal('FENCED_INSTANCE_ID'))
  former.syncTicket = undefined
  disarmSession(turn, formerId)
  const member = replaceMember(group, formerId, event)
  say(turn, 'static member came back', { instanceId: event.instanceId, memberId: member.memberId, formerId })
  update(turn, event, member)
  renewSession(turn, member)
  return member
}

function update(turn: Turn, event: Join | Rejoin, member: Member): void {
  // The same member asks again, on a new connection: the older request is not left without an answer (G5).
  endJoinWait(turn, member, joinRefusal('REBALANCE_IN_PROGRESS', member.memberId))
  member.protocols = event.protocols
  member.rebalanceTimeoutMs = event.rebalanceTimeoutMs
  member.sessionTimeoutMs = event.sessionTimeoutMs
  member.joinTicket = event.ticket
}
