/** What the way of the events counts, since the start. */
export type EventCounts = {
  /** Everything that publishers sent. */
  received: number
  /** By the field that was not accepted. */
  readonly refused: Map<string, number>
  /** Came again with an id that was there a moment ago. */
  repeated: number
  stored: number
  late: number
  spilled: number
  /** Accepted by none, or accepted and not to be had any more, by why. */
  readonly lost: Map<LossReason, number>
  windowsClosed: number
  windowsBuilt: number
  batchesDelivered: number
  deliveriesFailed: number
}

export const lossReasons = [
  // Memory was full, and the spill took nothing: its disk is full or failed, or it has reached its size.
  'no-room',
  // What was stored or spilled cannot be read any more.
  'unreadable',
  // Retention removed it before the consumer took it.
  'expired',
  // A screenshot was not taken.
  'screenshot-refused',
] as const
export type LossReason = (typeof lossReasons)[number]

export function newEventCounts(): EventCounts {
  return {
    received: 0,
    refused: new Map(),
    repeated: 0,
    stored: 0,
    late: 0,
    spilled: 0,
    lost: new Map(),
    windowsClosed: 0,
    windowsBuilt: 0,
    batchesDelivered: 0,
    deliveriesFailed: 0,
  }
}

/** The count that it has now. */
export function countBy<Name>(counts: Map<Name, number>, name: Name, by = 1): number {
  const count = (counts.get(name) ?? 0) + by
  counts.set(name, count)
  return count
}
