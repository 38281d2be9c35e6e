/** Every bound of connections, requests and fetches. Bytes, milliseconds and counts; each says what happens when it is passed. */
export type BrokerLimits = {
  /** Bytes of one request [socket.request.max.bytes]. A longer one is not read: its length is logged and the connection closed. */
  readonly frameBytesMax: number
  /** Bytes of the requests of one connection that are not answered yet. Above it the connection is not read from. */
  readonly inFlightBytesPerConnectionMax: number
  /** The same over all connections. Above it whole requests wait. */
  readonly inFlightBytesMax: number
  /** Announced bytes of requests that have come in part, over all connections. Above it only small ones are begun. */
  readonly arrivingBytesMax: number
  /** Requests of one connection that are not answered yet. At this number the connection is not read from. */
  readonly requestsInFlightMax: number
  /** Connections in all. One more is closed at once. */
  readonly connectionsMax: number
  /** Connections from one address; undefined = no limit of its own. One more is closed at once. */
  readonly connectionsPerAddressMax?: number
  /** Connections that the kernel holds until they are accepted. Further ones are the kernel's to refuse. */
  readonly connectionsPendingMax: number
  /** Bytes of one connection's responses that have not left. Above it the connection's next request waits. */
  readonly responseBytesBufferedMax: number
  /** The same over all connections. Above it fetches wait. */
  readonly responseBytesBufferedTotalMax: number
  /** A connection without a request or a response for this long is closed [connections.max.idle.ms]. */
  readonly idleConnectionMsMax: number
  /** A request that has begun to arrive has to be complete after this long, or the connection is closed. */
  readonly partialFrameMsMax: number
  /** A connection that takes no byte of its responses for this long is closed. */
  readonly sendStallMsMax: number
  /** Bytes of records in one Fetch response [fetch.max.bytes]; a larger wish is cut down. A first batch is sent even if larger. */
  readonly fetchBytesMax: number
  /** How long a Fetch may wait for records; a longer wish is cut down. */
  readonly fetchWaitMsMax: number
  /** Fetch sessions [max.incremental.fetch.session.cache.slots]. Above it clients fetch without a session, which costs them only bytes. */
  readonly fetchSessionsMax: number
  /** A fetch session unused for this long may give way to a new one [min.incremental.fetch.session.eviction.ms]. */
  readonly fetchSessionEvictionMsMin: number
  /** Partitions of all fetch sessions together; a session that would pass it is not made. */
  readonly fetchSessionPartitionsMax: number
}

const MiB = 1024 * 1024

export const defaultBrokerLimits: BrokerLimits = {
  frameBytesMax: 100 * MiB,
  inFlightBytesPerConnectionMax: 32 * MiB,
  inFlightBytesMax: 512 * MiB,
  arrivingBytesMax: 256 * MiB,
  requestsInFlightMax: 1_000,
  connectionsMax: 10_000,
  connectionsPendingMax: 1_024,
  responseBytesBufferedMax: 8 * MiB,
  responseBytesBufferedTotalMax: 512 * MiB,
  idleConnectionMsMax: 600_000,
  partialFrameMsMax: 120_000,
  sendStallMsMax: 120_000,
  fetchBytesMax: 55 * MiB,
  fetchWaitMsMax: 600_000,
  fetchSessionsMax: 1_000,
  fetchSessionEvictionMsMin: 120_000,
  fetchSessionPartitionsMax: 200_000,
}
