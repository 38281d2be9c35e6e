import { kafkaErrors } from '../errors.ts'
import { addMember, emptyGroup, type Group, type Member, type Protocol } from './group.ts'

/**
 * A group as the log keeps it: JSON, version 1. It is written when a generation has its assignments, when a static member is
 * replaced and when the group becomes empty (G6). A group with members is a stable one.
 */
export type GroupStateV1 = {
  readonly version: 1
  readonly stateTimestampMs: number
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string | null
  readonly members: readonly StoredMember[]
}

type StoredMember = {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  /** `metadata` and `assignment` in base64. */
  readonly protocols: readonly { readonly name: string; readonly metadata: string }[]
  readonly assignment: string
}

/** The group with the assignments that it has, or that its leader has just proposed. */
export function storedForm(group: Group): GroupStateV1 {
  return {
    version: 1,
    stateTimestampMs: group.stateTimestampMs,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leaderId: group.leaderId,
    members: [...group.members.values()].map(member => ({
      memberId: member.memberId,
      instanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      sessionTimeoutMs: member.sessionTimeoutMs,
      protocols: member.protocols.map(({ name, metadata }) => ({ name, metadata: metadata.toString('base64') })),
      assignment: assignmentOf(group, member).toString('base64'),
    })),
  }
}

function assignmentOf({ proposal }: Group, member: Member): Buffer {
  if (!proposal) return member.assignment
  return proposal.get(member.memberId) ?? member.assignment
}

/** The group that `stored` describes. Throws 'kafka.stored-group-invalid' naming the field that is not as it must be. */
export function loadGroup(groupId: string, stored: unknown): Group {
  const read = new Reader(groupId)
  const state = read.object('state', stored)
  const version = read.number('version', state.version)
  if (version !== 1) throw read.refusal('version', version, '1')
  const group = emptyGroup(groupId, read.number('stateTimestampMs', state.stateTimestampMs))
  group.generationId = read.number('generationId', state.generationId)
  group.protocolType = read.stringOrNull('protocolType', state.protocolType)
  for (const [at, each] of read.array('members', state.members).entries()) {
    const member = loadMember(read, `members[${at}]`, each)
    if (group.members.has(member.memberId))
      throw read.refusal(`members[${at}].memberId`, member.memberId, 'one of a kind')
    if (member.instanceId !== null && group.staticMembers.has(member.instanceId)) {
      throw read.refusal(`members[${at}].instanceId`, member.instanceId, 'one of a kind')
    }
    addMember(group, member, group.protocolType ?? '')
  }
  if (group.members.size === 0) return group
  group.state = 'Stable'
  group.leaderId = read.string('leaderId', state.leaderId)
  group.protocolName = read.string('protocolName', state.protocolName)
  if (!group.members.has(group.leaderId)) throw read.refusal('leaderId', group.leaderId, 'one of the members')
  for (const { memberId, protocols } of group.members.values()) {
    if (protocols.some(({ name }) => name === group.protocolName)) continue
    throw read.refusal('protocolName', group.protocolName, `a protocol of member ${memberId}`)
  }
  return group
}

/** What can be saved of a stored state that `loadGroup` refuses: the generation, so that the next one is larger (G2). */
export function generationOf(stored: unknown): number {
  const value = (stored as { generationId?: unknown } | null | undefined)?.generationId
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

function loadMember(read: Reader, field: string, value: unknown): Member {
  const stored = read.object(field, value)
  const protocols = read.array(`${field}.protocols`, stored.protocols).map((each, at): Protocol => {
    const protocol = read.object(`${field}.protocols[${at}]`, each)
    return {
      name: read.string(`${field}.protocols[${at}].name`, protocol.name),
      metadata: read.bytes(`${field}.protocols[${at}].metadata`, protocol.metadata),
    }
  })
  return {
    memberId: read.string(`${field}.memberId`, stored.memberId),
    instanceId: read.stringOrNull(`${field}.instanceId`, stored.instanceId),
    clientId: read.string(`${field}.clientId`, stored.clientId),
    clientHost: read.string(`${field}.clientHost`, stored.clientHost),
    rebalanceTimeoutMs: read.number(`${field}.rebalanceTimeoutMs`, stored.rebalanceTimeoutMs),
    sessionTimeoutMs: read.number(`${field}.sessionTimeoutMs`, stored.sessionTimeoutMs),
    protocols,
    assignment: read.bytes(`${field}.assignment`, stored.assignment),
    ...{ isNew: false, joinTicket: undefined, syncTicket: undefined },
  }
}

/** Reads values of unknown shape and names the field that is wrong. */
class Reader {
  readonly #groupId: string

  constructor(groupId: string) {
    this.#groupId = groupId
  }

  refusal(field: string, value: unknown, accepted: string): Error {
    const shown = typeof value === 'object' ? (value === null ? 'null' : 'an object') : String(value).slice(0, 100)
    return kafkaErrors.create('kafka.stored-group-invalid', { group: this.#groupId, field, value: shown, accepted })
  }

  object(field: string, value: unknown): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.refusal(field, value, 'an object')
    return value as Record<string, unknown>
  }

  array(field: string, value: unknown): unknown[] {
    if (!Array.isArray(value)) throw this.refusal(field, value, 'a list')
    return value
  }

  number(field: string, value: unknown): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    throw this.refusal(field, value, 'a whole number from 0 on')
  }

  string(field: string, value: unknown): string {
    if (typeof value !== 'string') throw this.refusal(field, value, 'a string')
    return value
  }

  stringOrNull(field: string, value: unknown): string | null {
    return value === null ? null : this.string(field, value)
  }

  bytes(field: string, value: unknown): Buffer {
    const text = this.string(field, value)
    const bytes = Buffer.from(text, 'base64')
    if (bytes.toString('base64') !== text) throw this.refusal(field, text, 'bytes in base64')
    return bytes
  }
}
