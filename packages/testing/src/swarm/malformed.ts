import type { Draw } from './draw.ts'
import type { SwarmMessage } from './message.ts'

type Breakage = (message: SwarmMessage, draw: Draw) => Uint8Array

const text = (content: string): Uint8Array => Buffer.from(content)
const json = (value: unknown): Uint8Array => text(JSON.stringify(value))

/** `message` with some fields set to something else; undefined leaves a field out. */
const changed =
  (fields: Record<string, unknown>): Breakage =>
  message =>
    json({ ...message, ...fields })

/** Every way in which a message is no event, by name. */
export const breakages: Readonly<Record<string, Breakage>> = {
  'no trace_id': changed({ trace_id: undefined }),
  'trace_id is null': changed({ trace_id: null }),
  'trace_id is empty': changed({ trace_id: '' }),
  'trace_id is a number': changed({ trace_id: 17 }),
  'trace_id has a NUL': changed({ trace_id: 'trace\u0000' }),
  'trace_id has half a character': changed({ trace_id: 'trace \ud83d' }),
  'no event_type': changed({ event_type: undefined }),
  'event_type is empty': changed({ event_type: '' }),
  'event_type is an object': changed({ event_type: { name: 'task.created' } }),
  'event_id is no UUID': changed({ event_id: 'event-17' }),
  'event_id is cut': message => json({ ...message, event_id: message.event_id.slice(0, -1) }),
  'event_id has a letter too far': message => json({ ...message, event_id: `g${message.event_id.slice(1)}` }),
  'event_id is a number': changed({ event_id: 1e20 }),
  'source is a list': changed({ source: ['scout'] }),
  'source has a NUL': changed({ source: '\u0000' }),
  'metadata is a list': changed({ metadata: [] }),
  'metadata is a text': changed({ metadata: '{}' }),
  'metadata has a NUL deep inside': changed({ metadata: { a: [{ b: 'x\u0000y' }] } }),
  'metadata has a NUL in a name': changed({ metadata: { 'a\u0000': 1 } }),
  'timestamp in words': changed({ timestamp: 'yesterday' }),
  'timestamp is a number': changed({ timestamp: 1_772_000_000 }),
  'timestamp without a zone': changed({ timestamp: '2026-03-02T18:00:00' }),
  'timestamp is a date': changed({ timestamp: '2026-03-02' }),
  'timestamp on 30 February': changed({ timestamp: '2026-02-30T12:00:00Z' }),
  'timestamp at 25 o’clock': changed({ timestamp: '2026-03-02T25:00:00Z' }),
  'timestamp before 1970': changed({ timestamp: '0001-01-01T00:00:00Z' }),
  'timestamp in a thousand years': changed({ timestamp: '3026-03-02T18:00:00Z' }),
  'no JSON': () => text('created task 17'),
  'JSON that ends too early': message => json(message).slice(0, -7),
  'two JSON texts': message => Buffer.concat([json(message), json(message)]),
  'a JSON text, not an object': () => json('task.created'),
  'a list of events': message => json([message]),
  null: () => json(null),
  'no bytes': () => new Uint8Array(),
  'bytes that are no UTF-8': (message, draw) => {
    const bytes = json(message).slice()
    // Inside the value of trace_id, where the text would otherwise be whole.
    bytes[Buffer.from(bytes).indexOf(message.trace_id) + draw.between(0, 3)] = 0xff
    return bytes
  },
}

/** A message that is no event, made of one that is. Its id, where it has one, is nobody else's. */
export function malformed(draw: Draw, template: SwarmMessage): { readonly body: Uint8Array; readonly why: string } {
  const why = draw.pick(Object.keys(breakages))
  return { why, body: breakages[why]!({ ...template, event_id: draw.uuid() }, draw) }
}
