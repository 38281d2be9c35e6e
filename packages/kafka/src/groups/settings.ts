/** What an operator may choose about groups. Kafka's name of a setting stands in brackets. Milliseconds, bytes and counts. */
export type GroupSettings = {
  /** Shortest session timeout that a member may ask for [group.min.session.timeout.ms]. */
  readonly sessionTimeoutMsMin: number
  /** Longest session timeout that a member may ask for [group.max.session.timeout.ms]. */
  readonly sessionTimeoutMsMax: number
  /**
   * How long the first rebalance of an empty group waits for further members [group.initial.rebalance.delay.ms]. Members that
   * come meanwhile prolong the wait, up to the longest rebalance timeout.
   */
  readonly initialRebalanceDelayMs: number
  /** How long a new member may wait in its first JoinGroup: it has no member id yet and cannot send heartbeats. */
  readonly newMemberJoinTimeoutMs: number
  /** Members of one group [group.max.size]. One more is refused with GROUP_MAX_SIZE_REACHED. */
  readonly membersPerGroupMax: number
  /** Members of all groups, and ids that were handed out to members on their way. A new one is refused with POLICY_VIOLATION. */
  readonly membersMax: number
  /** Groups, those without members included. One more is refused with POLICY_VIOLATION. */
  readonly groupsMax: number
  /** Protocols and assignments of all members of a group together. More is refused with GROUP_MAX_SIZE_REACHED (join) or POLICY_VIOLATION (sync). */
  readonly groupMetadataBytesMax: number
  /** Characters of a group id (else INVALID_GROUP_ID), instance id or protocol name (else INVALID_REQUEST). */
  readonly nameLengthMax: number
  /** Protocols in one JoinGroup. More is refused with INVALID_REQUEST. */
  readonly protocolsPerMemberMax: number
  /** Partitions named in one OffsetCommit (else INVALID_COMMIT_OFFSET_SIZE), OffsetFetch or OffsetDelete (else POLICY_VIOLATION). */
  readonly offsetsPerRequestMax: number
  /** Groups named in one request. The ones beyond are refused with POLICY_VIOLATION. */
  readonly groupsPerRequestMax: number
  /** Characters of the text beside a committed offset [offset.metadata.max.bytes]. More is refused with OFFSET_METADATA_TOO_LARGE. */
  readonly offsetMetadataLengthMax: number
  /** How long offsets are kept once their group is empty [offsets.retention.minutes]. */
  readonly offsetsRetentionMs: number
  /** How often expired offsets are looked for [offsets.retention.check.interval.ms]. */
  readonly offsetsRetentionCheckIntervalMs: number
}

/**
 * Kafka's defaults where Kafka has the setting, but for one: its initial rebalance delay is 3 s, and none at all in its
 * development configuration. A tenth of a second lets the members that one command starts come into one generation, and
 * nobody notices it when a single consumer starts.
 */
export const defaultGroupSettings: GroupSettings = {
  sessionTimeoutMsMin: 6_000,
  sessionTimeoutMsMax: 1_800_000,
  initialRebalanceDelayMs: 100,
  newMemberJoinTimeoutMs: 300_000,
  membersPerGroupMax: 1_000,
  membersMax: 100_000,
  groupsMax: 10_000,
  // In base64 and with the names beside it this stays below the 8 MiB that one metadata entry of the log may have.
  groupMetadataBytesMax: 4 * 1024 * 1024,
  nameLengthMax: 255,
  protocolsPerMemberMax: 64,
  offsetsPerRequestMax: 20_000,
  groupsPerRequestMax: 10_000,
  offsetMetadataLengthMax: 4_096,
  offsetsRetentionMs: 7 * 24 * 60 * 60 * 1000,
  offsetsRetentionCheckIntervalMs: 600_000,
}
