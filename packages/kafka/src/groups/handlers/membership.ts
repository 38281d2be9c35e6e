import type { RequestOf, ResponseOf } from '../../codec/schema.ts'
import { ErrorCode, type ErrorName } from '../../error-codes.ts'
import { type Handler, handler, type RequestContext } from '../../handler.ts'
import { heartbeat, joinGroup, leaveGroup, syncGroup } from '../../messages/index.ts'
import type { Coordinator } from '../coordinator.ts'
import type { JoinAnswer, JoinFields, LeaveAnswer, SyncAnswer } from '../events.ts'
import type { GroupSettings } from '../settings.ts'
import { joinRefusal, syncRefusal } from '../turn.ts'
import { groupIdError } from './group-id.ts'

/** JoinGroup, SyncGroup, Heartbeat and LeaveGroup: from a message to an event, and from an answer to a message. */
export function membershipHandlers(coordinator: Coordinator): Handler[] {
  return [
    handler(joinGroup, async (request, context) => joinResponse(await join(coordinator, request, context), context)),
    handler(syncGroup, async (request, context) => syncResponse(await sync(coordinator, request, context))),
    handler(heartbeat, async request => ({ errorCode: ErrorCode[await beat(coordinator, request)] })),
    handler(leaveGroup, async (request, context) => leaveResponse(await leave(coordinator, request, context), context)),
  ]
}

type JoinRequest = RequestOf<typeof joinGroup>

async function join(coordinator: Coordinator, request: JoinRequest, context: RequestContext): Promise<JoinAnswer> {
  const { groupId, memberId, groupInstanceId } = request
  const error = checkJoin(coordinator.settings, request)
  if (error !== 'NONE') return joinRefusal(error, memberId)
  const fields = joinFields(request, context, coordinator.settings)
  if (memberId !== '') {
    const group = coordinator.find(groupId)
    if (!group) return joinRefusal('UNKNOWN_MEMBER_ID', memberId)
    return coordinator.ask(group, 'rejoin', ticket => ({ ticket, memberId, ...fields }), 'join')
  }
  if (coordinator.sessions >= coordinator.settings.membersMax) return joinRefusal('POLICY_VIOLATION')
  const group = coordinator.findOrCreate(groupId)
  if (!group) return joinRefusal('POLICY_VIOLATION')
  const { apiVersion } = context
  const newMemberId = `${groupInstanceId ?? fields.clientId}-${coordinator.random.uuid()}`
  const wishes = { newMemberId, memberIdRequired: apiVersion >= 4, skipAssignmentSupported: apiVersion >= 9 }
  return coordinator.ask(group, 'join', ticket => ({ ticket, ...fields, ...wishes }), 'join')
}

function checkJoin(settings: GroupSettings, request: JoinRequest): ErrorName {
  const { groupId, groupInstanceId, sessionTimeoutMs, protocols } = request
  const { nameLengthMax, protocolsPerMemberMax, sessionTimeoutMsMin, sessionTimeoutMsMax } = settings
  const error = groupIdError(settings, groupId, 'named')
  if (error !== 'NONE') return error
  if (sessionTimeoutMs < sessionTimeoutMsMin || sessionTimeoutMs > sessionTimeoutMsMax) return 'INVALID_SESSION_TIMEOUT'
  const names = [request.protocolType, ...protocols.map(({ name }) => name)]
  const tooLong = [groupInstanceId ?? '', ...names].some(name => name.length > nameLengthMax)
  if (tooLong || protocols.length > protocolsPerMemberMax) return 'INVALID_REQUEST'
  // Each protocol once: who can use it is counted by its name.
  return hasTwice(protocols) ? 'INCONSISTENT_GROUP_PROTOCOL' : 'NONE'
}

function hasTwice(protocols: readonly { readonly name: string }[]): boolean {
  return new Set(protocols.map(({ name }) => name)).size < protocols.length
}

function joinFields(request: JoinRequest, context: RequestContext, { nameLengthMax }: GroupSettings): JoinFields {
  const { groupInstanceId, sessionTimeoutMs, rebalanceTimeoutMs, protocolType, protocols, reason } = request
  return {
    instanceId: groupInstanceId,
    clientId: (context.clientId ?? '').slice(0, nameLengthMax),
    clientHost: context.clientHost,
    // Version 0 knows the session timeout alone, which then serves for both.
    rebalanceTimeoutMs: context.apiVersion === 0 ? sessionTimeoutMs : Math.max(0, rebalanceTimeoutMs),
    ...{ sessionTimeoutMs, protocolType, protocols },
    reason: reason?.slice(0, nameLengthMax) ?? null,
  }
}

function joinResponse(answer: JoinAnswer, { apiVersion }: RequestContext): ResponseOf<typeof joinGroup> {
  return {
    errorCode: ErrorCode[answer.error],
    generationId: answer.generationId,
    protocolType: answer.protocolType,
    // Null says "none" only since version 7.
    protocolName: answer.protocolName ?? (apiVersion >= 7 ? null : ''),
    leader: answer.leaderId,
    skipAssignment: answer.skipAssignment,
    memberId: answer.memberId,
    members: answer.members.map(({ memberId, instanceId, metadata }) => ({
      ...{ memberId, metadata },
      groupInstanceId: instanceId,
    })),
  }
}

async function sync(
  coordinator: Coordinator,
  request: RequestOf<typeof syncGroup>,
  { apiVersion }: RequestContext,
): Promise<SyncAnswer> {
  const { groupId, generationId, memberId, groupInstanceId, protocolType, protocolName, assignments } = request
  const error = groupIdError(coordinator.settings, groupId, 'named')
  if (error !== 'NONE') return syncRefusal(error)
  // From version 5 on a member says which protocol it takes the generation to have (KIP-559).
  if (apiVersion >= 5 && (protocolType === null || protocolName === null)) {
    return syncRefusal('INCONSISTENT_GROUP_PROTOCOL')
  }
  const group = coordinator.find(groupId)
  if (!group) return syncRefusal('UNKNOWN_MEMBER_ID')
  const given = new Map(assignments.map(each => [each.memberId, each.assignment]))
  const said = { generationId, memberId, instanceId: groupInstanceId, protocolType, protocolName, assignments: given }
  return coordinator.ask(group, 'sync', ticket => ({ ticket, ...said }), 'sync')
}

function syncResponse({ error, ...answer }: SyncAnswer): ResponseOf<typeof syncGroup> {
  return { errorCode: ErrorCode[error], ...answer }
}

async function beat(coordinator: Coordinator, request: RequestOf<typeof heartbeat>): Promise<ErrorName> {
  const { groupId, generationId, memberId, groupInstanceId } = request
  const error = groupIdError(coordinator.settings, groupId, 'named')
  if (error !== 'NONE') return error
  const group = coordinator.find(groupId)
  if (!group) return 'UNKNOWN_MEMBER_ID'
  const said = { generationId, memberId, instanceId: groupInstanceId }
  return coordinator.ask(group, 'heartbeat', ticket => ({ ticket, ...said }), 'verdict')
}

async function leave(
  coordinator: Coordinator,
  request: RequestOf<typeof leaveGroup>,
  { apiVersion }: RequestContext,
): Promise<LeaveAnswer> {
  const { groupId, memberId } = request
  const error = groupIdError(coordinator.settings, groupId, 'named')
  if (error !== 'NONE') return { error, members: [] }
  const named = apiVersion >= 3 ? request.members : [{ memberId, groupInstanceId: null, reason: null }]
  const members = named.map(each => ({
    memberId: each.memberId,
    instanceId: each.groupInstanceId,
    reason: each.reason?.slice(0, coordinator.settings.nameLengthMax) ?? null,
  }))
  const group = coordinator.find(groupId)
  if (!group) return { error: 'NONE', members: members.map(each => ({ ...each, error: 'UNKNOWN_MEMBER_ID' })) }
  return coordinator.ask(group, 'leave', ticket => ({ ticket, members }), 'leave')
}

function leaveResponse({ error, members }: LeaveAnswer, { apiVersion }: RequestContext): ResponseOf<typeof leaveGroup> {
  // Up to version 2 there is one member, and its error is the answer's.
  if (apiVersion < 3) return { errorCode: ErrorCode[error === 'NONE' ? (members[0]?.error ?? 'NONE') : error] }
  return {
    errorCode: ErrorCode[error],
    members: members.map(each => ({
      memberId: each.memberId,
      groupInstanceId: each.instanceId,
      errorCode: ErrorCode[each.error],
    })),
  }
}
