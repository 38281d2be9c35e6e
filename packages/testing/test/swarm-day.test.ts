import assert from 'node:assert/strict'
import { test } from 'node:test'
import { breakages, type SwarmDay, swarmDay, workingDay } from '../src/index.ts'

const small = { seed: 7, agents: 20, traces: 1_500, hours: 2 }
const day = swarmDay(small)

test('D3: one seed makes one day, another seed another one', () => {
  const bytes = ({ deliveries }: SwarmDay) => Buffer.concat(deliveries.map(delivery => delivery.body))
  // Not by deepEqual: it would print megabytes of difference.
  assert.ok(bytes(swarmDay(small)).equals(bytes(day)))
  assert.ok(!bytes(swarmDay({ ...small, seed: 8 })).equals(bytes(day)))
})

test('as many duplicates, late events and malformed messages as asked for', () => {
  const count = (matches: (delivery: SwarmDay['deliveries'][number]) => boolean) =>
    day.deliveries.filter(matches).length / day.events.length
  const { duplicateRate, lateRate, malformedRate } = workingDay
  assertNear(
    count(each => each.isDuplicate),
    duplicateRate,
  )
  assertNear(
    count(each => each.why !== undefined),
    malformedRate,
  )
  const isLate = (each: SwarmDay['deliveries'][number]) =>
    each.event !== undefined && !each.isDuplicate && each.atMs - each.event.sentMs > 1_000
  assertNear(count(isLate), lateRate)
})

test('none of them when none is asked for', () => {
  const { deliveries, events } = swarmDay({ ...small, duplicateRate: 0, lateRate: 0, malformedRate: 0 })
  assert.deepEqual(new Set(deliveries.map(each => each.event)), new Set(events))
  assert.equal(deliveries.length, events.length)
})

test('deliveries come in the order of their arrival, each event first as itself and then as a duplicate', () => {
  const seen = new Set<string>()
  let atMs = 0
  for (const delivery of day.deliveries) {
    assert.ok(delivery.atMs >= atMs)
    atMs = delivery.atMs
    if (!delivery.event) continue
    const id = delivery.event.message.event_id
    assert.equal(seen.has(id), delivery.isDuplicate)
    seen.add(id)
  }
  assert.equal(seen.size, day.events.length)
})

test('a delivery says its event, in whatever bytes', () => {
  let rewritten = 0
  for (const { event, body, isDuplicate } of day.deliveries) {
    if (!event) continue
    const said = JSON.parse(Buffer.from(body).toString())
    if (said.event_id !== event.message.event_id) rewritten++
    assert.deepEqual({ ...said, event_id: said.event_id.toLowerCase() }, event.message)
    assert.ok(isDuplicate || said.event_id === event.message.event_id)
  }
  assert.ok(rewritten > 0)
})

test('clocks are wrong by at most the skew, and some by nearly as much', () => {
  const skews = day.events.map(({ message, sentMs }) => Date.parse(message.timestamp) - sentMs)
  // A timestamp without a fraction has lost up to a second.
  assert.ok(Math.min(...skews) >= -workingDay.skewMsMax - 999)
  assert.ok(Math.max(...skews) <= workingDay.skewMsMax)
  assert.ok(Math.max(...skews) > workingDay.skewMsMax / 2)
})

test('every breakage is drawn, and leaves no event', () => {
  const { deliveries } = swarmDay({ ...small, malformedRate: 1 })
  const seen = new Set(deliveries.map(({ why }) => why).filter(why => why !== undefined))
  assert.deepEqual([...seen].sort(), Object.keys(breakages).sort())
  for (const { body, why } of deliveries) assert.equal(isEvent(body), why === undefined, why)
})

/** Whether it has the shape of an event, by the plainest reading of it. */
function isEvent(body: Uint8Array): boolean {
  let event: Record<string, unknown>
  try {
    event = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return false
  }
  const { event_id, trace_id, source = '', event_type, timestamp, metadata = {} } = event ?? {}
  const texts = [event_id, trace_id, source, event_type, timestamp]
  if (!texts.every(text => typeof text === 'string')) return false
  const time = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(timestamp as string)
  return (
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(event_id as string) &&
    trace_id !== '' &&
    event_type !== '' &&
    // A day that the month does not have is moved into the next one.
    new Date(time?.[1] ?? NaN).toJSON()?.startsWith(time![1]!) === true &&
    Object.getPrototypeOf(metadata) === Object.prototype &&
    /^(19[7-9]|20)/.test(timestamp as string) &&
    // NUL and halves of surrogate pairs are escaped where they are written.
    !/\\u(0000|d[89a-f])/.test(JSON.stringify(event))
  )
}

/** The count of something with this probability, within five standard deviations. */
function assertNear(actual: number, rate: number): void {
  const allowed = 5 * Math.sqrt((rate * (1 - rate)) / day.events.length)
  assert.ok(Math.abs(actual - rate) < allowed, `${actual} is not about ${rate}`)
}
