import type { CommittedOffset } from '@chronicle/log'
import type { Coordinator } from './coordinator.ts'
import type { Group } from './group.ts'
import type { GroupMetrics } from './metrics.ts'
import { consumerProtocolType, isSubscribed, subscribedTopics } from './subscription.ts'

type Expired = { readonly topic: string; readonly partition: number }

/** Removes the offsets of groups that nobody uses any more, and then the groups (KIP-211). */
export class OffsetRetention {
  readonly #coordinator: Coordinator
  readonly #metrics: GroupMetrics
  #sweep: Promise<void> | undefined
  #stopped = false

  constructor(coordinator: Coordinator, metrics: GroupMetrics) {
    this.#coordinator = coordinator
    this.#metrics = metrics
  }

  /** Looks at every group once. A sweep that is still under way is not doubled. */
  sweep(): Promise<void> {
    this.#sweep ??= this.#run().finally(() => {
      this.#sweep = undefined
    })
    return this.#sweep
  }

  /** Ends the sweep that is under way at its next group. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#sweep
  }

  async #run(): Promise<void> {
    const { logger } = this.#coordinator
    for (const groupId of this.#coordinator.groupIds()) {
      if (this.#stopped) return
      const group = this.#coordinator.find(groupId)
      if (!group) continue
      try {
        await this.#sweepGroup(group)
      } catch (error) {
        // One group that cannot be looked at keeps its offsets, and the others their turn.
        logger.error({ error, groupId }, 'could not look for expired offsets')
      }
    }
  }

  async #sweepGroup(group: Group): Promise<void> {
    const { log, logger } = this.#coordinator
    const { groupId } = group
    const { expired, left } = this.#expiredOffsets(group)
    if (left === 0 && group.state === 'Empty' && group.pendingJoin.size === 0) {
      const error = await this.#coordinator.delete(groupId)
      if (error === 'NONE') logger.info({ groupId, offsets: expired.length }, 'group expired')
      if (error === 'NONE') this.#metrics.expired(expired.length)
    } else if (expired.length > 0) {
      const error = await this.#coordinator.write('expire offsets', groupId, () => log.deleteOffsets(groupId, expired))
      if (error === 'NONE') this.#metrics.expired(expired.length)
    }
  }

  /** G7: an offset expires only in a group without members, or of a topic that its consumers do not subscribe to. */
  #expiredOffsets(group: Group): { expired: Expired[]; left: number } {
    const { log, clock, settings } = this.#coordinator
    const beforeMs = clock.now() - settings.offsetsRetentionMs
    const subscribed = subscribedTopics(group)
    const expired: Expired[] = []
    let left = 0
    for (const [topic, partitions] of log.committedOffsets(group.groupId)) {
      for (const [partition, committed] of partitions) {
        const usedMs = lastUse(group, committed)
        if (usedMs !== undefined && usedMs <= beforeMs && !isSubscribed(subscribed, topic)) {
          expired.push({ topic, partition })
        } else left++
      }
    }
    return { expired, left }
  }
}

/** When the offset was last of use; undefined while it may be at any time. Milliseconds since the Unix epoch. */
function lastUse(group: Group, { commitTimestamp }: CommittedOffset): number | undefined {
  // Committed without members: each offset ages by itself.
  if (group.protocolType === null) return commitTimestamp
  // All age since the last member left, unless somebody has committed after that.
  if (group.state === 'Empty') return Math.max(group.stateTimestampMs, commitTimestamp)
  if (group.state === 'Stable' && group.protocolType === consumerProtocolType) return commitTimestamp
  return undefined
}
