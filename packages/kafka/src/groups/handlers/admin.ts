import type { RequestOf, ResponseOf } from '../../codec/schema.ts'
import { ErrorCode, errorCodes } from '../../error-codes.ts'
import { type Handler, handler, type RequestContext } from '../../handler.ts'
import { deleteGroups, describeGroups, listGroups } from '../../messages/index.ts'
import type { Coordinator } from '../coordinator.ts'
import { type Group, metadataUnder, noAssignment } from '../group.ts'
import { groupIdError } from './group-id.ts'

/** DescribeGroups, ListGroups and DeleteGroups. */
export function adminHandlers(coordinator: Coordinator): Handler[] {
  return [
    handler(describeGroups, (request, context) => describe(coordinator, request, context)),
    handler(listGroups, request => list(coordinator, request)),
    handler(deleteGroups, request => remove(coordinator, request)),
  ]
}

/** What may be done with a group, as a bit field of Kafka's operation codes: READ 3, DELETE 6, DESCRIBE 8. There are no ACLs yet. */
const everyOperation = (1 << 3) | (1 << 6) | (1 << 8)
const operationsNotAsked = -2147483648

type Described = NonNullable<ResponseOf<typeof describeGroups>['groups']>[number]

function describe(
  coordinator: Coordinator,
  request: RequestOf<typeof describeGroups>,
  { apiVersion }: RequestContext,
): ResponseOf<typeof describeGroups> {
  const authorizedOperations = request.includeAuthorizedOperations ? everyOperation : operationsNotAsked
  // Each group once: naming it often must not multiply what it answers.
  const groups = [...new Set(request.groups)].map((groupId, at): Described => {
    if (at >= coordinator.settings.groupsPerRequestMax) return unknownGroup(groupId, 'POLICY_VIOLATION')
    const group = coordinator.find(groupId)
    // Before version 6 a group that does not exist is told as a dead one.
    if (!group) return unknownGroup(groupId, apiVersion >= 6 ? 'GROUP_ID_NOT_FOUND' : 'NONE')
    return { ...describeGroup(group), authorizedOperations }
  })
  return { groups }
}

function unknownGroup(groupId: string, error: 'NONE' | 'GROUP_ID_NOT_FOUND' | 'POLICY_VIOLATION'): Described {
  const errorMessage = error === 'NONE' ? null : errorCodes[error].message
  const nothing = { groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
  return { errorCode: ErrorCode[error], errorMessage, groupId, ...nothing }
}

/** The protocol and what members said under it are told of a stable group only: before, they are about to change. */
function describeGroup(group: Group): Described {
  const stable = group.state === 'Stable'
  return {
    errorCode: ErrorCode.NONE,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: stable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map(member => ({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: (stable ? metadataUnder(member, group.protocolName) : undefined) ?? noAssignment,
      memberAssignment: member.assignment,
    })),
  }
}

function list(coordinator: Coordinator, request: RequestOf<typeof listGroups>): ResponseOf<typeof listGroups> {
  const states = new Set(request.statesFilter.map(normal))
  const types = new Set(request.typesFilter.map(normal))
  if (types.size > 0 && !types.has('classic')) return { errorCode: ErrorCode.NONE, groups: [] }
  const groups = []
  for (const groupId of coordinator.groupIds()) {
    const group = coordinator.find(groupId)
    if (!group || (states.size > 0 && !states.has(normal(group.state)))) continue
    const { protocolType, state } = group
    groups.push({ groupId, protocolType: protocolType ?? '', groupState: state, groupType: 'classic' })
  }
  return { errorCode: ErrorCode.NONE, groups }
}

function normal(name: string): string {
  return name.trim().toLowerCase()
}

async function remove(
  coordinator: Coordinator,
  request: RequestOf<typeof deleteGroups>,
): Promise<ResponseOf<typeof deleteGroups>> {
  const { settings } = coordinator
  const results = [...new Set(request.groupsNames)].map(async (groupId, at) => {
    const error = groupIdError(settings, groupId, 'any')
    if (error !== 'NONE') return { groupId, errorCode: ErrorCode[error] }
    if (at >= settings.groupsPerRequestMax) return { groupId, errorCode: ErrorCode.POLICY_VIOLATION }
    return { groupId, errorCode: ErrorCode[await coordinator.delete(groupId)] }
  })
  return { throttleTimeMs: 0, results: await Promise.all(results) }
}
