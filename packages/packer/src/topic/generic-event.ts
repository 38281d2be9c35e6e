/**
 * Any record as an event: its time is the record's; type, session and id come from headers of these names, else from the topic, the key and the place of the
 * record; `data` is the whole record (`record-json.ts`).
 */
import { isUtf8 } from 'node:buffer'
import { RecordRefused } from '../intake/refused.ts'
import type { TopicPlace, TopicRecord } from './contract.ts'
import { type EventRow, timestampNsMax } from './event-row.ts'
import { textOf } from './json-members.ts'
import { recordJson } from './record-json.ts'

/** Throws `RecordRefused` where the record has no time. */
export function genericEvent(record: TopicRecord, { topic, topicId, partition }: TopicPlace): EventRow {
  const timestampNs = BigInt(record.timestampMs) * 1_000_000n
  if (timestampNs <= 0n || timestampNs > timestampNsMax) {
    const detail = `the record's time is ${record.timestampMs} ms, accepted is 1 to ${timestampNsMax / 1_000_000n}`
    throw new RecordRefused('timestamp-not-positive', detail)
  }
  const place = `${topic}-${partition}`
  return {
    timestampNs,
    eventType: header(record, 'event_type') ?? Buffer.from(topic),
    appBundleId: null,
    windowTitle: null,
    data: recordJson(record),
    sessionId: header(record, 'session_id') ?? usable(record.key) ?? Buffer.from(place),
    // Offsets begin anew in a topic that is made again, its id does not.
    eventId: header(record, 'event_id') ?? Buffer.from(`${place}-${record.offset}-${topicId}`),
  }
}

/** The last one of this name, as Kafka's clients take it. */
function header({ headers }: TopicRecord, name: string): Uint8Array | undefined {
  return usable(headers.findLast(([each]) => textOf(each) === name)?.[1] ?? null)
}

function usable(bytes: Uint8Array | null): Uint8Array | undefined {
  return bytes !== null && bytes.length > 0 && isUtf8(bytes) ? bytes : undefined
}
