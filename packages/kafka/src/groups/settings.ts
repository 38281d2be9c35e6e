/** What a broker's operator may choose about groups. Kafka's name of each setting stands in brackets. */
export type GroupSettings = {
  /** Shortest session timeout that a member may ask for [group.min.session.timeout.ms]. */
  readonly sessionTimeoutMsMin: number
  /** Longest session timeout that a member may ask for [group.max.session.timeout.ms]. */
  readonly sessionTimeoutMsMax: number
  /**
   * How long the first rebalance of an empty group waits for further members [group.initial.rebalance.delay.ms]. Each
   * member that comes meanwhile prolongs the wait, up to the longest rebalance timeout.
   */
  readonly initialRebalanceDelayMs: number
  /** How long a new member stays in a rebalance without a sign of life: clients before JoinGroup v4 send none there. */
  readonly newMemberJoinTimeoutMs: number
  /** Members that a group may have [group.max.size]. */
  readonly membersPerGroupMax: number
  /** Groups that are held. */
  readonly groupsMax: number
  /** Subscriptions and assignments of all members of a group together. */
  readonly groupMetadataBytesMax: number
  /** Characters of a group id, member id, instance id, protocol name or reason. */
  readonly nameLengthMax: number
  /** Protocols that a member may offer in one JoinGroup. */
  readonly protocolsPerMemberMax: number
  /** Partitions in one OffsetCommit, OffsetFetch or OffsetDelete. */
  readonly offsetsPerRequestMax: number
  /** Groups in one request that names several. */
  readonly groupsPerRequestMax: number
  /** Partitions that one group may keep committed offsets of. */
  readonly offsetsPerGroupMax: number
  /** UTF-8 bytes of the text that a client commits beside an offset [offset.metadata.max.bytes]. */
  readonly offsetMetadataBytesMax: number
  /** How long committed offsets are kept once their group is empty [offsets.retention.minutes]. */
  readonly offsetsRetentionMs: number
  /** How often expired offsets are looked for [offsets.retention.check.interval.ms]. */
  readonly offsetsRetentionCheckIntervalMs: number
}

/**
 * Kafka's defaults, but for the initial rebalance delay: Kafka waits 3 s, its development configuration not at all. A tenth
 * of a second lets the members that one command starts come into one generation, and nobody notices it at a start.
 */
export const defaultGroupSettings: GroupSettings = {
  sessionTimeoutMsMin: 6_000,
  sessionTimeoutMsMax: 1_800_000,
  initialRebalanceDelayMs: 100,
  newMemberJoinTimeoutMs: 300_000,
  membersPerGroupMax: 1_000,
  groupsMax: 10_000,
  groupMetadataBytesMax: 8 * 1024 * 1024,
  nameLengthMax: 1_024,
  protocolsPerMemberMax: 64,
  offsetsPerRequestMax: 100_000,
  groupsPerRequestMax: 1_000,
  offsetsPerGroupMax: 100_000,
  offsetMetadataBytesMax: 4_096,
  offsetsRetentionMs: 7 * 24 * 60 * 60 * 1000,
  offsetsRetentionCheckIntervalMs: 600_000,
}
