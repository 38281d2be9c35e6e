/** What consumers do, step by step, against a {@link House}. */
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { RequestToSend, ResponseReceived } from '../../src/codec/schema.ts'
import { ErrorCode, type ErrorName, errorName } from '../../src/error-codes.ts'
import { heartbeat, joinGroup, leaveGroup, offsetCommit, offsetFetch, syncGroup } from '../../src/messages/index.ts'
import type { House } from './house.ts'

/** A consumer's subscription, version 0: these topics and no user data. */
export function subscription(...topics: string[]): Buffer {
  const head = Buffer.alloc(6)
  head.writeInt32BE(topics.length, 2)
  const names = topics.map(topic => Buffer.concat([Buffer.of(0, topic.length), Buffer.from(topic)]))
  return Buffer.concat([head, ...names, Buffer.from([255, 255, 255, 255])])
}

export function joinRequest(
  groupId: string,
  wishes: Partial<RequestToSend<typeof joinGroup>> = {},
): RequestToSend<typeof joinGroup> {
  return {
    ...{ groupId, memberId: '', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000, protocolType: 'consumer' },
    protocols: [{ name: 'range', metadata: subscription('t') }],
    ...wishes,
  }
}

/** Joins the group `groupId` as its only member and gets `assignment`: the answer to the JoinGroup. */
export async function becomeMember(
  house: House,
  groupId: string,
  wishes: Partial<RequestToSend<typeof joinGroup>> = {},
  assignment = 'all',
): Promise<ResponseReceived<typeof joinGroup>> {
  const joining = house.ask(joinGroup, 3, joinRequest(groupId, wishes))
  await setImmediate()
  house.clock.advance(house.settings.initialRebalanceDelayMs)
  const joined = await joining
  assert.equal(errorName(joined.errorCode), 'NONE')
  const { generationId, memberId } = joined
  const assignments = [{ memberId, assignment: Buffer.from(assignment) }]
  const synced = await house.ask(syncGroup, 3, { groupId, generationId, memberId, assignments })
  assert.equal(errorName(synced.errorCode), 'NONE')
  return joined
}

export async function beatOf(
  house: House,
  groupId: string,
  { memberId, generationId }: { memberId: string; generationId: number },
): Promise<ErrorName> {
  return errorName((await house.ask(heartbeat, 4, { groupId, memberId, generationId })).errorCode)
}

export async function leaveOf(house: House, groupId: string, memberId: string): Promise<ErrorName> {
  return errorName((await house.ask(leaveGroup, 2, { groupId, memberId })).errorCode)
}

type Place = {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly metadata?: string | null
}

/** Commits one offset; without a member as consumers outside of group management do. */
export async function commitOf(
  house: House,
  groupId: string,
  { topic = 't', partition = 0, offset = 5, metadata = null }: Place,
  member: { memberId: string; generationId: number } = { memberId: '', generationId: -1 },
  version = 8,
): Promise<ErrorName> {
  const partitions = [{ partitionIndex: partition, committedOffset: offset, committedMetadata: metadata }]
  const { topics } = await house.ask(offsetCommit, version, {
    ...{ groupId, memberId: member.memberId, generationIdOrMemberEpoch: member.generationId },
    topics: [{ name: topic, partitions }],
  })
  return errorName(topics[0]!.partitions[0]!.errorCode)
}

/** The committed offset of one partition; −1 where there is none. */
export async function committedOf(house: House, groupId: string, topic = 't', partition = 0): Promise<number> {
  const { topics, errorCode } = await house.ask(offsetFetch, 7, {
    ...{ groupId, topics: [{ name: topic, partitionIndexes: [partition] }], requireStable: true },
  })
  assert.equal(errorCode, ErrorCode.NONE)
  return topics[0]!.partitions[0]!.committedOffset
}
