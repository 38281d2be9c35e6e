/** What a publisher may send that it should not: by mistake, or to do harm. */
import { randomUUID } from 'node:crypto'
import { session } from './storage-support.ts'

/** `field` is what the store refuses in its own process; undefined where the event is odd, and one all the same. */
export type Hostile = { readonly name: string; readonly field: string | undefined; make(): unknown }

type Members = Readonly<Record<string, unknown>>

const hugeText = 'x'.repeat(10_000_000)
const metadata = {
  window_title: 'title',
  app_name: 'program',
  screen_region: { x: 0, y: 0, width: 1, height: 1 },
  privacy_masked: false,
}

export function event(type: unknown, data: unknown, changes: Members = {}): Record<string, unknown> {
  return { id: randomUUID(), timestamp: Date.now(), session_id: session, event_type: type, data, ...changes }
}

const note =
  (changes: Members): (() => unknown) =>
  () =>
    event('note', { text: 'text' }, changes)
const holding =
  (data: unknown): (() => unknown) =>
  () =>
    event('note', data)
const move =
  (data: Members): (() => unknown) =>
  () =>
    event('mouse_move', { x: 0, y: 0, velocity: 0, ...data })
const shot =
  (image: unknown): (() => unknown) =>
  () =>
    event('screenshot', { screenshot_id: randomUUID(), image, metadata })
const hostile = (name: string, field: string | undefined, make: () => unknown): Hostile => ({ name, field, make })

const fail = (): never => {
  throw new Error('a publisher that throws')
}

function deep(levels: number): object {
  let data: object = {}
  for (let level = 0; level < levels; level++) data = { data }
  return data
}

function circle(): object {
  const data: Record<string, unknown> = {}
  data.again = [data]
  return data
}

/** JSON.stringify calls it, and no walk over the members meets it. */
function hiddenToJson(answer: unknown): object {
  return Object.defineProperty({}, 'toJSON', { value: () => answer })
}

/** Gives each of `values` once, then the last one. */
function changing(...values: readonly unknown[]): object {
  let reads = 0
  return Object.defineProperty({ y: 0, velocity: 0 }, 'x', {
    enumerable: true,
    get: () => values[Math.min(reads++, values.length - 1)],
  })
}

function listThatLies(): unknown[] {
  return Object.defineProperty(new Array(100_000_000), Symbol.iterator, { value: function* () {} })
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Says to be a plain object with one plain member, and hands out something else. */
function proxyThatLies(): object {
  const target = { text: 'text' }
  return new Proxy(target, { get: (_, name) => (name === 'toJSON' ? () => null : target) })
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(100)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

const notEvents: readonly Hostile[] = [
  undefined,
  null,
  7,
  1n,
  'text',
  [],
  Symbol('event'),
  fail,
  Buffer.from('{}'),
].map(value => hostile(`${typeof value} in place of an event`, 'event', () => value))

const fields: readonly Hostile[] = [
  ...['id', 'timestamp', 'session_id', 'event_type', 'data'].map(name =>
    hostile(`${name} throws`, 'event', () => Object.defineProperty(event('note', {}), name, { get: fail })),
  ),
  hostile('a revoked proxy', 'event', revoked),
  hostile('no members, no prototype', 'id', () => Object.create(null)),
  hostile('members of the prototype alone', undefined, () =>
    Object.create(event('note', { text: 'inherited' }) as object),
  ),
  hostile('an id of 10 MB', 'id', note({ id: hugeText })),
  hostile('an id with more behind it', 'id', note({ id: `${randomUUID()}\n` })),
  hostile('an id that becomes one', 'id', note({ id: { toString: () => randomUUID() } })),
  hostile('a session that is a list', 'session_id', note({ session_id: [session] })),
  ...[
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e308,
    -1,
    2 ** 53,
    1n,
    new Date(),
    '',
    hugeText,
    '+275761-01-01T00:00Z',
  ].map((timestamp, at) => hostile(`time ${at}`, 'timestamp', note({ timestamp }))),
  ...[hugeText, '', '\ud800', 'a\u0000b', 7, null].map((type, at) =>
    hostile(`type ${at}`, 'event_type', note({ event_type: type })),
  ),
  ...['__proto__', 'constructor', 'toString', '(other)', "'; DROP TABLE windows; --"].map(type =>
    hostile(`the type ${type}`, undefined, note({ event_type: type })),
  ),
]

const data: readonly Hostile[] = [
  ...[undefined, null, [], 'text', 1n].map(value => hostile(`data ${typeof value}`, 'data', holding(value))),
  hostile('a text of 10 MB', 'data', holding({ text: hugeText })),
  hostile('a name of 10 MB', 'data', holding({ [hugeText]: 1 })),
  hostile('very many members', 'data', () =>
    event('note', Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [at, at]))),
  ),
  hostile('100,000 levels', 'data', () => event('note', deep(100_000))),
  hostile('a circle', 'data', () => event('note', circle())),
  ...[1n, fail, Symbol('member'), Number.NaN, new Date(), new Map(), Buffer.alloc(9)].map((value, at) =>
    hostile(`member ${at}`, 'data', holding({ list: [{ value }] })),
  ),
  hostile('a list of four thousand million holes', 'data', () => event('note', { list: new Array(2 ** 32 - 1) })),
  hostile('a list that lies', 'data', () => event('note', { list: listThatLies() })),
  hostile('a hidden toJSON of nothing', 'data', () => event('note', hiddenToJson(undefined))),
  hostile('a hidden toJSON of null', 'data', () => event('note', hiddenToJson(null))),
  hostile('a hidden toJSON of a list', 'data', () => event('note', hiddenToJson([1]))),
  hostile('a hidden toJSON that throws', 'event', () =>
    event('note', Object.defineProperty({}, 'toJSON', { value: fail })),
  ),
  hostile('a proxy that lies', 'data', () => event('note', proxyThatLies())),
  hostile('lone surrogates', undefined, holding({ '\ud800': '\udfff' })),
  hostile('a member __proto__', undefined, () =>
    event('note', JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')),
  ),
  hostile('x that is no number when it is read again', undefined, () => event('mouse_move', changing(1, 1, 'text'))),
  hostile('x that is far too deep when it is read again', undefined, () =>
    event('mouse_move', changing(1, 1, deep(1000))),
  ),
  hostile('from end to end of the numbers', undefined, move({ x: -Number.MAX_VALUE })),
  hostile('and back', undefined, move({ x: Number.MAX_VALUE })),
  hostile('and there again', undefined, move({ x: -Number.MAX_VALUE })),
  hostile('x is not a number', 'data.x', move({ x: Number.NaN })),
  hostile('x is a text', 'data.x', move({ x: '0' })),
  hostile('infinitely fast', 'data.velocity', move({ velocity: Number.POSITIVE_INFINITY })),
]

const images: readonly Hostile[] = [
  ...[undefined, 'bytes', new Uint8Array(), new Float64Array(9), new ArrayBuffer(9), revoked()].map((image, at) =>
    hostile(`image ${at}`, at === 5 ? 'event' : 'data.image', shot(image)),
  ),
  hostile('an image whose memory is gone', 'data.image', () => shot(detached())()),
  hostile('an image behind a proxy', 'event', shot(new Proxy(new Uint8Array(9), {}))),
]

/** Refused by their field, or stored as they are. */
export const hostileEvents: readonly Hostile[] = [...notEvents, ...fields, ...data, ...images]

/** Its event is not taken either. */
export const tooLargeScreenshot: Hostile = hostile('200 MB', undefined, () => shot(Buffer.alloc(200_000_000))())
