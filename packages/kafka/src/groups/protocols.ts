import { assert } from '@chronicle/base'
import type { Group, Member, Protocol } from './group.ts'

/** Can somebody with these protocols be a member: same type, and one protocol that every present member knows? */
export function supportsProtocols(group: Group, protocolType: string, protocols: readonly Protocol[]): boolean {
  if (group.members.size === 0) return protocolType !== '' && protocols.length > 0
  if (group.protocolType !== protocolType) return false
  const common = commonProtocols(group)
  return protocols.some(({ name }) => common.has(name))
}

/**
 * The protocol of the next generation: of those that all members know, each member votes for the first in its own list.
 * The most votes win; among equals the one that was voted for first.
 */
export function selectProtocol(group: Group): string {
  const common = commonProtocols(group)
  const votes = new Map<string, number>()
  for (const member of group.members.values()) {
    const choice = member.protocols.find(({ name }) => common.has(name))
    assert(choice, 'members are admitted only with a common protocol')
    votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
  }
  let winner: string | undefined
  for (const [name, count] of votes) if (winner === undefined || count > votes.get(winner)!) winner = name
  assert(winner !== undefined, 'an empty group selects no protocol')
  return winner
}

/** Did the member say the same the last time? */
export function sameProtocols(member: Member, protocols: readonly Protocol[]): boolean {
  return (
    member.protocols.length === protocols.length &&
    member.protocols.every(({ name, metadata }, at) => {
      const other = protocols[at]!
      return name === other.name && metadata.equals(other.metadata)
    })
  )
}

/** Names that every member knows. A member names each protocol once: the door sees to that. */
function commonProtocols(group: Group): Set<string> {
  const counts = new Map<string, number>()
  for (const member of group.members.values()) {
    for (const { name } of member.protocols) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const common = new Set<string>()
  for (const [name, count] of counts) if (count === group.members.size) common.add(name)
  return common
}
