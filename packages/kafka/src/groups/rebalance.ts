import type { Turn } from './events.ts'
import { everyoneJoined, type Group, noAssignment, rebalanceTimeoutMs, removeMember } from './group.ts'
import { selectProtocol } from './protocols.ts'
import { storedForm } from './stored-group.ts'
import {
  armDeadline,
  disarmDeadline,
  disarmSession,
  endJoinWait,
  endSyncWait,
  enter,
  joinAnswer,
  renewSession,
  say,
  syncRefusal,
} from './turn.ts'

/** When nobody of a group came back in time, the next look is not sooner than this: a rebalance timeout may be 0. */
const joinRetryMsMin = 1_000

/** Opens a join phase, or looks whether the one that is open can end. */
export function rebalance(turn: Turn, reason: string): void {
  if (turn.group.state === 'PreparingRebalance') completeJoinIfReady(turn)
  else prepareRebalance(turn, reason)
}

/** Opens a join phase: every member has to join again. It ends when all have, at the latest after the longest rebalance timeout. */
export function prepareRebalance(turn: Turn, reason: string): void {
  const { group, settings } = turn
  const wasEmpty = group.state === 'Empty'
  for (const member of group.members.values()) endSyncWait(turn, member, syncRefusal('REBALANCE_IN_PROGRESS'))
  group.proposal = undefined
  group.pendingSync.clear()
  disarmDeadline(turn, 'sync')
  enter(turn, 'PreparingRebalance')
  say(turn, 'group rebalances', { reason, members: group.members.size })
  if (wasEmpty) {
    const delayMs = settings.initialRebalanceDelayMs
    group.initialDelay = { remainingMs: Math.max(0, rebalanceTimeoutMs(group) - delayMs), memberAdded: false }
    armDeadline(turn, 'join', delayMs)
  } else if (everyoneJoined(group)) completeJoin(turn)
  else armDeadline(turn, 'join', rebalanceTimeoutMs(group))
}

export function completeJoinIfReady(turn: Turn): void {
  const { state, initialDelay } = turn.group
  if (state === 'PreparingRebalance' && initialDelay === undefined && everyoneJoined(turn.group)) completeJoin(turn)
}

/** The join phase may not go on: prolong the first one while members come, otherwise go on with those who are there. */
export function joinDeadline(turn: Turn): void {
  const { initialDelay } = turn.group
  if (initialDelay?.memberAdded && initialDelay.remainingMs > 0) {
    const delayMs = Math.min(turn.settings.initialRebalanceDelayMs, initialDelay.remainingMs)
    turn.group.initialDelay = { remainingMs: initialDelay.remainingMs - delayMs, memberAdded: false }
    armDeadline(turn, 'join', delayMs)
  } else completeJoin(turn)
}

function completeJoin(turn: Turn): void {
  const { group } = turn
  disarmDeadline(turn, 'join')
  group.initialDelay = undefined
  removeAbsentMembers(turn)
  if (group.members.size === 0) becomeEmpty(turn)
  else if (electLeader(group)) beginGeneration(turn)
  else {
    // Static members keep their place until their session ends, and none of them has come back: ask again later.
    say(turn, 'no member rejoined in time', { members: group.members.size })
    armDeadline(turn, 'join', Math.max(rebalanceTimeoutMs(group), joinRetryMsMin))
  }
}

/** Dynamic members that did not join are out; static ones may be restarting. */
function removeAbsentMembers(turn: Turn): void {
  for (const { memberId, instanceId, joinTicket } of [...turn.group.members.values()]) {
    if (joinTicket !== undefined || instanceId !== null) continue
    disarmSession(turn, memberId)
    removeMember(turn.group, memberId)
    say(turn, 'member did not rejoin in time', { memberId })
  }
}

/** G1: the leader of a generation is one of those who joined it. False when nobody has. */
function electLeader(group: Group): boolean {
  if (group.leaderId !== null && group.members.get(group.leaderId)?.joinTicket !== undefined) return true
  for (const { memberId, joinTicket } of group.members.values()) {
    if (joinTicket === undefined) continue
    group.leaderId = memberId
    return true
  }
  return false
}

function beginGeneration(turn: Turn): void {
  const { group } = turn
  group.generationId++ // G2
  group.protocolName = selectProtocol(group)
  enter(turn, 'CompletingRebalance')
  say(turn, 'group has a new generation', { members: group.members.size, protocol: group.protocolName })
  for (const member of group.members.values()) {
    member.assignment = noAssignment
    member.isNew = false
    group.pendingSync.add(member.memberId)
    endJoinWait(turn, member, joinAnswer(group, member))
    renewSession(turn, member)
  }
  armDeadline(turn, 'sync', rebalanceTimeoutMs(group))
}

function becomeEmpty(turn: Turn): void {
  const { group } = turn
  group.generationId++ // G2
  group.protocolName = null
  group.leaderId = null
  enter(turn, 'Empty')
  say(turn, 'group is empty')
  turn.effects.push({ type: 'store', state: storedForm(group), next: undefined })
}
