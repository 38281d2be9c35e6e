/**
 * A value that is an event already: a JSON object with the members of an event and no others.
 *
 * ```json
 * {"timestamp_ns":1790000000000000001,"event_type":"key","session_id":"s-1","event_id":"e-1","data":{"code":42}}
 * ```
 * `timestamp_ns` is a whole number, or one as text; `data` any JSON, or text that is JSON (null where it is left out); `app_bundle_id` and `window_title`
 * may be left out. An object with a member more is none: what that holds would be lost.
 */
import { RecordRefused } from '../intake/refused.ts'
import { type EventRow, timestampNsMax } from './event-row.ts'
import { membersOf, textOf } from './json-members.ts'

const required = ['timestamp_ns', 'event_type', 'session_id', 'event_id'] as const
const names = new Set<string>([...required, 'app_bundle_id', 'window_title', 'data'])
const nullJson = Buffer.from('null')
const quote = 0x22
const backslash = 0x5c

/** undefined where `json`, which is JSON, is no event. Throws `RecordRefused` for an event that breaks a rule. */
export function jsonEvent(json: Uint8Array): EventRow | undefined {
  const members = membersOf(json, names)
  if (!members || !required.every(name => members.has(name))) return undefined
  return {
    timestampNs: wholeNumber(members.get('timestamp_ns')!),
    eventType: requiredText('event_type', members),
    appBundleId: textMember('app_bundle_id', members),
    windowTitle: textMember('window_title', members),
    data: dataOf(members.get('data') ?? nullJson),
    sessionId: requiredText('session_id', members),
    eventId: requiredText('event_id', members),
  }
}

/** From its digits: numbers of JavaScript end before nanoseconds do. */
function wholeNumber(json: Uint8Array): bigint {
  const digits = textOf(json[0] === quote ? stringOf('timestamp_ns', json) : json)
  if (!/^-?\d{1,30}$/.test(digits)) {
    throw new RecordRefused(
      'wrong-schema',
      'timestamp_ns is no whole number, accepted are nanoseconds as a number or as text',
    )
  }
  const ns = BigInt(digits)
  if (ns > 0n && ns <= timestampNsMax) return ns
  throw new RecordRefused('timestamp-not-positive', `timestamp_ns is ${ns}, accepted is 1 to ${timestampNsMax}`)
}

function requiredText(name: string, members: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const text = textMember(name, members)
  if (text === null) throw new RecordRefused('missing-value', `${name} is null, accepted is text`)
  return text
}

function textMember(name: string, members: ReadonlyMap<string, Uint8Array>): Uint8Array | null {
  const json = members.get(name) ?? nullJson
  if (nullJson.equals(json)) return null
  if (json[0] !== quote) throw new RecordRefused('wrong-schema', `${name} is no text`)
  return stringOf(name, json)
}

function dataOf(json: Uint8Array): Uint8Array {
  return json[0] === quote ? stringOf('data', json) : json
}

/** The UTF-8 of a JSON string. */
function stringOf(name: string, json: Uint8Array): Uint8Array {
  if (!json.includes(backslash)) return json.subarray(1, -1)
  const text = JSON.parse(textOf(json)) as string
  if (!text.isWellFormed())
    throw new RecordRefused('not-utf8', `${name} has half a surrogate pair, which UTF-8 cannot hold`)
  return Buffer.from(text)
}
