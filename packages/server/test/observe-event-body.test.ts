import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventsOfBody } from '../src/http/observe/event-body.ts'

const context = () => ({ receivedMicros: 1_795_000_000_000_000, eventId: () => '4f4d2c2e-6f0b-4c67-9d0b-8a1f5f1f0c52' })

/** How often others had their turn while `work` ran. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  const count = (): void => {
    turns++
    turning = setImmediate(count)
  }
  let turning = setImmediate(count)
  await work()
  clearImmediate(turning)
  return turns
}

test('S27: a large body is read event by event, and others have their turn between them', async () => {
  const event = JSON.stringify({ trace_id: 't', event_type: 'x', metadata: { text: 'x'.repeat(300_000) } })
  const events = Array.from({ length: 20 }, () => event)
  for (const [body, type] of [
    [`[${events.join(',')}]`, 'application/json'],
    [events.join('\n'), 'application/x-ndjson'],
  ] as const) {
    const turns = await turnsDuring(async () => {
      assert.equal((await eventsOfBody(Buffer.from(body), type, context)).length, events.length)
    })
    assert.ok(turns >= events.length - 1, `${turns} turns`)
  }
})

test('what is not JSON in one element is not JSON at all', async () => {
  const event = '{"trace_id":"t","event_type":"x"}'
  const bodies = [
    '[',
    ']',
    '[,]',
    `[${event},]`,
    `[${event}`,
    `[${event}]]`,
    `[${event}}`,
    `[${event}] x`,
    `[${event} ${event}]`,
    `[{]}`,
    `[${event}]\0`,
    `${event},`,
    '["x]',
  ]
  for (const body of bodies) {
    await assert.rejects(
      eventsOfBody(Buffer.from(body), 'application/json', context),
      { code: 'server.bad-request' },
      body,
    )
  }
})

test('an event means the same in an array and on a line', async () => {
  const events = [
    { trace_id: 't', event_type: 'x', is_dead_letter: true },
    { trace_id: 't', event_type: 'x' },
    { trace_id: '' },
  ]
  const texts = events.map(each => JSON.stringify(each))
  const inArray = await eventsOfBody(Buffer.from(`[${texts.join(',')}]`), 'application/json', context)
  assert.deepEqual(inArray, await eventsOfBody(Buffer.from(texts.join('\n')), 'application/x-ndjson', context))
  assert.deepEqual(
    inArray.map(each => ('event' in each ? each.event.isDeadLetter : each.refused.reason)),
    [true, false, 'missing-trace-id'],
  )
})
