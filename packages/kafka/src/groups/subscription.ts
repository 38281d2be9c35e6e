import { type Group, metadataUnder } from './group.ts'

/** The protocol type of consumers: for them, and only for them, we know how a subscription is written. */
export const consumerProtocolType = 'consumer'

/**
 * The topics that a group's consumers subscribe to, or 'unknown' for consumers whose subscriptions cannot be read: then every
 * topic counts as subscribed. A group without members, or of another type, subscribes to nothing.
 */
export function subscribedTopics(group: Group): ReadonlySet<string> | 'unknown' {
  const topics = new Set<string>()
  if (group.protocolType !== consumerProtocolType) return topics
  for (const member of group.members.values()) {
    const subscription = metadataUnder(member, group.protocolName)
    const read = subscription && readTopics(subscription)
    if (!read) return 'unknown'
    for (const topic of read) topics.add(topic)
  }
  return topics
}

export function isSubscribed(topics: ReadonlySet<string> | 'unknown', topic: string): boolean {
  return topics === 'unknown' || topics.has(topic)
}

/**
 * The part of a consumer's subscription that all its versions begin with (ConsumerProtocolSubscription.json), big-endian:
 *
 *     OFFSET SIZE  FIELD
 *          0    2  version
 *          2    4  number of topics
 *          6    2  length of a topic's name  } for each
 *          8    …  the name, UTF-8           } topic
 *
 * Undefined when the bytes are not that.
 */
export function readTopics(subscription: Buffer): string[] | undefined {
  const topicBytesMin = 2
  if (subscription.length < 6 || subscription.readInt16BE(0) < 0) return undefined
  const count = subscription.readInt32BE(2)
  if (count < 0 || count * topicBytesMin > subscription.length - 6) return undefined
  const topics: string[] = []
  let at = 6
  for (let read = 0; read < count; read++) {
    if (at + topicBytesMin > subscription.length) return undefined
    const length = subscription.readInt16BE(at)
    at += 2
    if (length < 0 || at + length > subscription.length) return undefined
    topics.push(subscription.toString('utf8', at, at + length))
    at += length
  }
  return topics
}
