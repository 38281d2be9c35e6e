/**
 * Events that wait on the disk, as one entry of the spill.
 *
 * ```text
 * spill entry, version 1, big-endian
 * OFFSET SIZE  FIELD
 *      0    1  version (1)
 *      1    4  N: events
 *      5    6  when the first of them was received, milliseconds since the epoch
 *     11    2  P: positions of sources
 *     13    …  P positions, each: 1 byte length of the source's name, UTF-8, 4 bytes partition, 8 bytes position
 *      …    …  envelope (envelope.ts) at the place "capture/spill" of the content
 * content, one stretch for each run of a session
 *      0   16  session id
 *     16    4  R: bytes of the run
 *     20    R  run (run.ts)
 *      …    …  of each of its events 6 bytes: when it was received
 * ```
 * The events of a session keep their order; between sessions there is none to keep. The part in the clear names nothing but topics and numbers.
 */
import { assert, type Random } from '@chronicle/base'
import type { SealKey } from '@chronicle/vault'
import { DatabaseError } from '../errors.ts'
import type { PendingEvent } from '../event/check.ts'
import { decodeRunText, encodeRun, runsOf } from '../event/run.ts'
import { putUuid, uuidBytes, uuidFromBytes } from '../event/uuid.ts'
import { openEnvelope, packEnvelope } from '../store/envelope.ts'
import type { EventGroup } from '../store/event-store.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { SourcePosition } from '../store/positions.ts'

const version = 1
const at = { version: 0, events: 1, received: 5, positions: 11, position: 13 }
const timeBytes = 6
assert(at.received + timeBytes === at.positions && at.positions + 2 === at.position, 'the head of an entry is 13 bytes')
const stretchAt = { session: 0, runBytes: uuidBytes, run: uuidBytes + 4 }
assert(stretchAt.run === 20, 'the head of a stretch is 20 bytes')

/** A topic's name is shorter (Kafka: 249). */
export const sourceBytesMax = 255
const positionBytesFixed = 1 + 4 + 8
const place = 'capture/spill'

/** What the clear head of an entry says. */
export type SpillHead = {
  readonly events: number
  readonly receivedMs: number
  readonly positions: readonly SourcePosition[]
}

export function encodeSpillEntry(group: EventGroup, key: SealKey | undefined, random: Random): Buffer {
  const { events, positions } = group
  const head = Buffer.alloc(at.position)
  head[at.version] = version
  head.writeUInt32BE(events.length, at.events)
  head.writeUIntBE(Math.max(0, events[0]?.receivedMs ?? 0), at.received, timeBytes)
  head.writeUInt16BE(positions.length, at.positions)
  const content = Buffer.concat([...stretches(events)])
  return Buffer.concat([head, ...positions.map(encodePosition), packEnvelope(content, place, key, random)])
}

/** The head, without a key; undefined where the bytes are no entry. */
export function parseSpillHead(bytes: Buffer): SpillHead | undefined {
  return headOf(bytes)?.head
}

/** Rejects with 'capture.database-block-damaged', and with what the vault says where a key cannot be had for the moment. */
export async function openSpillEntry(bytes: Buffer, keys: PayloadKeys): Promise<EventGroup> {
  const found = headOf(bytes)
  if (found === undefined) throw damaged('it has no head')
  const content = await openEnvelope(bytes.subarray(found.end), place, keys)
  const events: PendingEvent[] = []
  for (let start = 0; start < content.length; ) start = readStretch(content, start, events)
  if (events.length !== found.head.events) throw damaged('it does not hold as many events as it says')
  return { events, positions: found.head.positions }
}

function* stretches(events: readonly PendingEvent[]): Iterable<Buffer> {
  for (const [sessionId, ofSession] of Map.groupBy(events, event => event.sessionId)) {
    for (const run of runsOf(ofSession)) {
      const runBytes = encodeRun(run)
      const head = Buffer.allocUnsafe(stretchAt.run)
      putUuid(head, stretchAt.session, sessionId)
      head.writeUInt32BE(runBytes.length, stretchAt.runBytes)
      const received = Buffer.allocUnsafe(run.length * timeBytes)
      for (const [index, { receivedMs }] of run.entries()) {
        received.writeUIntBE(Math.max(0, receivedMs), index * timeBytes, timeBytes)
      }
      yield* [head, runBytes, received]
    }
  }
}

/** Where the next stretch begins. */
function readStretch(content: Buffer, start: number, events: PendingEvent[]): number {
  if (start + stretchAt.run > content.length) throw damaged('a stretch is cut short')
  const sessionId = uuidFromBytes(content.subarray(start, start + uuidBytes))
  const runAt = start + stretchAt.run
  const receivedAt = runAt + content.readUInt32BE(start + stretchAt.runBytes)
  const run = decodeRunText(content.subarray(runAt, receivedAt))
  if (run === undefined) throw damaged('it is no run of events')
  const end = receivedAt + run.length * timeBytes
  if (end > content.length) throw damaged('a stretch is cut short')
  for (const [index, event] of run.entries()) {
    events.push({ ...event, sessionId, receivedMs: content.readUIntBE(receivedAt + index * timeBytes, timeBytes) })
  }
  return end
}

function encodePosition({ source, partition, position }: SourcePosition): Buffer {
  const name = Buffer.from(source)
  assert(name.length <= sourceBytesMax, 'the name of a source has at most 255 bytes')
  const bytes = Buffer.allocUnsafe(positionBytesFixed + name.length)
  bytes[0] = name.length
  name.copy(bytes, 1)
  bytes.writeUInt32BE(partition, 1 + name.length)
  bytes.writeBigUInt64BE(BigInt(position), 5 + name.length)
  return bytes
}

function headOf(bytes: Buffer): { head: SpillHead; end: number } | undefined {
  if (bytes.length < at.position || bytes[at.version] !== version) return undefined
  const positions: SourcePosition[] = []
  let end = at.position
  for (let left = bytes.readUInt16BE(at.positions); left > 0; left--) {
    const next = end + positionBytesFixed + (bytes[end] ?? 0)
    if (next > bytes.length) return undefined
    const nameEnd = next - 12
    positions.push({
      source: bytes.toString('utf8', end + 1, nameEnd),
      partition: bytes.readUInt32BE(nameEnd),
      position: Number(bytes.readBigUInt64BE(nameEnd + 4)),
    })
    end = next
  }
  const head = {
    events: bytes.readUInt32BE(at.events),
    receivedMs: bytes.readUIntBE(at.received, timeBytes),
    positions,
  }
  return { head, end }
}

function damaged(reason: string): DatabaseError {
  return new DatabaseError('capture.database-block-damaged', { block: place, reason })
}
