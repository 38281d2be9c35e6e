/**
 * The two requests of the load, written by hand so that generating them costs nothing and owes nothing to the code under
 * test. Produce version 7 and Fetch version 11: old enough to be plain, new enough for every broker of today.
 * Positions into answers count from the frame's length prefix.
 */

const clientId = 'bench'
const headerBytes = 4 + 2 + 2 + 4 + 2 + clientId.length

function frame(apiKey: number, apiVersion: number, bodyBytes: number): { bytes: Buffer; at: number } {
  const bytes = Buffer.alloc(headerBytes + bodyBytes)
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeInt16BE(apiKey, 4)
  bytes.writeInt16BE(apiVersion, 6)
  bytes.writeInt16BE(clientId.length, 12)
  bytes.write(clientId, 14, 'latin1')
  return { bytes, at: headerBytes }
}

/** Produce v7 with acks=all: one batch to one partition. */
export function produceRequest(topic: string, partition: number, batch: Buffer): Buffer {
  const { bytes, at: start } = frame(0, 7, 2 + 2 + 4 + 4 + 2 + topic.length + 4 + 4 + 4 + batch.length)
  let at = bytes.writeInt16BE(-1, start) // no transaction
  at = bytes.writeInt16BE(-1, at) // acks=all
  at = bytes.writeInt32BE(30_000, at) // timeout
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt16BE(topic.length, at)
  at += bytes.write(topic, at, 'latin1')
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt32BE(partition, at)
  at = bytes.writeInt32BE(batch.length, at)
  batch.copy(bytes, at)
  return bytes
}

/** Where the error code stands in the answer to {@link produceRequest}. */
export function produceErrorAt(topic: string): number {
  return 4 + 4 + 4 + 2 + topic.length + 4 + 4
}

/** Fetch v11 without a session from one partition; waits for `bytesMin` up to `waitMs`. */
export function fetchRequest(
  topic: string,
  partition: number,
  options: { offset: number; bytesMin: number; bytesMax: number; waitMs: number },
): Buffer {
  const { bytes, at: start } = frame(1, 11, 25 + 4 + 2 + topic.length + 4 + 28 + 4 + 2)
  let at = bytes.writeInt32BE(-1, start) // a consumer, no replica
  at = bytes.writeInt32BE(options.waitMs, at)
  at = bytes.writeInt32BE(options.bytesMin, at)
  at = bytes.writeInt32BE(options.bytesMax, at)
  at = bytes.writeInt8(0, at) // read_uncommitted
  at = bytes.writeInt32BE(0, at) // session id
  at = bytes.writeInt32BE(-1, at) // session epoch: none
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt16BE(topic.length, at)
  at += bytes.write(topic, at, 'latin1')
  at = bytes.writeInt32BE(1, at)
  at = bytes.writeInt32BE(partition, at)
  at = bytes.writeInt32BE(-1, at) // leader epoch not known
  at = bytes.writeBigInt64BE(BigInt(options.offset), at)
  at = bytes.writeBigInt64BE(-1n, at) // log start offset: for replicas only
  at = bytes.writeInt32BE(options.bytesMax, at)
  at = bytes.writeInt32BE(0, at) // nothing forgotten
  bytes.writeInt16BE(0, at) // no rack
  return bytes
}

/** What the answer to {@link fetchRequest} says before its records. */
export function fetchAnswer(
  head: Buffer,
  topic: string,
): { errorCode: number; highWatermark: number; recordsBytes: number } {
  const partition = 4 + 4 + 4 + 2 + 4 + 4 + 2 + topic.length + 4
  const aborted = Math.max(0, head.readInt32BE(partition + 30))
  return {
    errorCode: head.readInt16BE(12) || head.readInt16BE(partition + 4),
    highWatermark: Number(head.readBigInt64BE(partition + 6)),
    recordsBytes: Math.max(0, head.readInt32BE(partition + 34 + aborted * 16 + 4)),
  }
}

/** CreateTopics v2: one topic with `configs` set. */
export function createTopicRequest(
  topic: string,
  partitions: number,
  configs: Readonly<Record<string, string>>,
): Buffer {
  const pieces = [int32(1), text(topic), int32(partitions), int16(1), int32(0), int32(Object.keys(configs).length)]
  for (const [name, value] of Object.entries(configs)) pieces.push(text(name), text(value))
  pieces.push(int32(10_000), Buffer.from([0])) // timeout; not only to validate
  const body = Buffer.concat(pieces)
  const { bytes, at } = frame(19, 2, body.length)
  body.copy(bytes, at)
  return bytes
}

/** Where the error code stands in the answer to {@link createTopicRequest}. */
export function createTopicErrorAt(topic: string): number {
  return 4 + 4 + 4 + 4 + 2 + topic.length
}

/** ListOffsets v1: the offset that the next record of a partition will get. */
export function endOffsetRequest(topic: string, partition: number): Buffer {
  const latest = Buffer.alloc(8, 0xff) // timestamp −1
  const body = Buffer.concat([int32(-1), int32(1), text(topic), int32(1), int32(partition), latest])
  const { bytes, at } = frame(2, 1, body.length)
  body.copy(bytes, at)
  return bytes
}

/** Where the offset stands in the answer to {@link endOffsetRequest}. */
export function endOffsetAt(topic: string): number {
  return 4 + 4 + 4 + 2 + topic.length + 4 + 4 + 2 + 8
}

/** ApiVersions v0: the question that a broker answers first. */
export function apiVersionsRequest(): Buffer {
  return frame(18, 0, 0).bytes
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([int16(value.length), Buffer.from(value, 'latin1')])
}
