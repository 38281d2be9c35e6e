import { assert } from '@chronicle/base'

/** A classic group's states, by the names that DescribeGroups and ListGroups show. */
export const groupStates = ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable', 'Dead'] as const
export type GroupState = (typeof groupStates)[number]

/** A way to assign partitions that a member knows, with what it tells the leader. Opaque bytes to us. */
export type Protocol = { readonly name: string; readonly metadata: Buffer }

export type Member = {
  readonly memberId: string
  /** group.instance.id of a static member (KIP-345). */
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  protocols: readonly Protocol[]
  /** What the leader gave it in the current generation; empty until then. */
  assignment: Buffer
  /** It has not been answered a JoinGroup yet, so that it cannot send heartbeats. */
  isNew: boolean
  /** Its JoinGroup that waits for the next generation. */
  joinTicket: number | undefined
  /** Its SyncGroup that waits for the leader's. */
  syncTicket: number | undefined
}

/** One group in memory. Only the actions of the state table change it. */
export type Group = {
  readonly groupId: string
  state: GroupState
  /** When the state was entered; milliseconds since the Unix epoch. */
  stateTimestampMs: number
  /** Grows with each completed join phase (G2). 0 before the first. */
  generationId: number
  /** `consumer` for consumers; null before the first member. */
  protocolType: string | null
  /** The one chosen for the current generation; null in an empty group. */
  protocolName: string | null
  leaderId: string | null
  /** By member id, in the order of joining. */
  readonly members: Map<string, Member>
  /** Member id by instance id. */
  readonly staticMembers: Map<string, string>
  /** Member ids that were handed out with MEMBER_ID_REQUIRED and have not come back (KIP-394). */
  readonly pendingJoin: Set<string>
  /** Members of this generation that have not sent SyncGroup. */
  readonly pendingSync: Set<string>
  /** While an empty group waits for its first members to gather. */
  initialDelay: { remainingMs: number; memberAdded: boolean } | undefined
  /** The leader's assignments of this generation, on their way to the disk. */
  proposal: ReadonlyMap<string, Buffer> | undefined
}

export const noAssignment: Buffer = Buffer.alloc(0)

export function emptyGroup(groupId: string, nowMs: number): Group {
  return {
    groupId,
    state: 'Empty',
    stateTimestampMs: nowMs,
    generationId: 0,
    protocolType: null,
    protocolName: null,
    leaderId: null,
    members: new Map(),
    staticMembers: new Map(),
    pendingJoin: new Set(),
    pendingSync: new Set(),
    initialDelay: undefined,
    proposal: undefined,
  }
}

/** True while nothing of the group is worth keeping: no generation, no member, none on its way. */
export function isUntouched(group: Group): boolean {
  return group.state === 'Empty' && group.generationId === 0 && group.pendingJoin.size === 0
}

export function memberOf(group: Group, memberId: string): Member {
  const member = group.members.get(memberId)
  assert(member, `${memberId} must be a member`)
  return member
}

export function addMember(group: Group, member: Member, protocolType: string): void {
  assert(!group.members.has(member.memberId), `${member.memberId} is a member already`)
  if (group.members.size === 0) group.protocolType = protocolType
  assert(group.protocolType === protocolType, 'all members of a group have one protocol type')
  if (member.instanceId !== null) {
    assert(!group.staticMembers.has(member.instanceId), `${member.instanceId} has a member already`)
    group.staticMembers.set(member.instanceId, member.memberId)
  }
  group.leaderId ??= member.memberId
  group.members.set(member.memberId, member)
  group.pendingJoin.delete(member.memberId)
}

/** Takes the member out. Its requests must have been answered. A leader is followed by the member that has been there longest. */
export function removeMember(group: Group, memberId: string): void {
  const member = memberOf(group, memberId)
  assert(member.joinTicket === undefined && member.syncTicket === undefined, `${memberId} must have been answered`)
  group.members.delete(memberId)
  group.pendingSync.delete(memberId)
  if (member.instanceId !== null) group.staticMembers.delete(member.instanceId)
  if (group.leaderId === memberId) group.leaderId = firstKey(group.members)
}

/** Gives the place of a static member, in the order of members too, to a new process under `newMemberId`. */
export function replaceMember(
  group: Group,
  oldMemberId: string,
  { newMemberId, clientId, clientHost }: { newMemberId: string; clientId: string; clientHost: string },
): Member {
  const old = memberOf(group, oldMemberId)
  assert(old.instanceId !== null, 'only static members are replaced')
  assert(old.joinTicket === undefined && old.syncTicket === undefined, `${oldMemberId} must have been answered`)
  const renamed = { ...old, memberId: newMemberId, clientId, clientHost }
  const order = [...group.members.values()].map(member => (member === old ? renamed : member))
  group.members.clear()
  for (const member of order) group.members.set(member.memberId, member)
  group.staticMembers.set(old.instanceId, newMemberId)
  if (group.pendingSync.delete(oldMemberId)) group.pendingSync.add(newMemberId)
  if (group.leaderId === oldMemberId) group.leaderId = newMemberId
  return renamed
}

/** Every member waits for the next generation and none is on its way. */
export function everyoneJoined(group: Group): boolean {
  return group.pendingJoin.size === 0 && joinedCount(group) === group.members.size
}

export function joinedCount(group: Group): number {
  let count = 0
  for (const member of group.members.values()) if (member.joinTicket !== undefined) count++
  return count
}

/** The longest that any member asked for. */
export function rebalanceTimeoutMs(group: Group): number {
  let longest = 0
  for (const member of group.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
  return longest
}

/** Bytes of all that members told and were given. */
export function metadataBytes(group: Group): number {
  let bytes = 0
  for (const member of group.members.values()) bytes += protocolsBytes(member.protocols) + member.assignment.length
  return bytes
}

export function protocolsBytes(protocols: readonly Protocol[]): number {
  return protocols.reduce((bytes, { name, metadata }) => bytes + Buffer.byteLength(name) + metadata.length, 0)
}

/** What `member` said under the group's protocol; undefined where it does not know that. */
export function metadataUnder(member: Member, protocolName: string | null): Buffer | undefined {
  return member.protocols.find(protocol => protocol.name === protocolName)?.metadata
}

function firstKey(map: ReadonlyMap<string, unknown>): string | null {
  for (const key of map.keys()) return key
  return null
}
