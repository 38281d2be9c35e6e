import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import type { DeadLetter, SwarmEvent } from '@chronicle/observe'
import { createRegistry } from '@chronicle/telemetry'
import { SimScheduler } from '@chronicle/testing'
import { fastify } from 'fastify'
import { addEventRoutes } from '../src/http/observe/events.ts'
import { ObserveHttpMetrics } from '../src/observe/http-metrics.ts'

/** The route alone, over a way into the log that takes everything at once. */
function routeWith(add: (letters: readonly DeadLetter[]) => Promise<void>) {
  const app = fastify()
  app.setValidatorCompiler(() => () => true).setSerializerCompiler(() => JSON.stringify)
  const taken: SwarmEvent[] = []
  const take = async (events: readonly SwarmEvent[], before: () => Promise<void> = async () => undefined) => {
    await before()
    taken.push(...events)
  }
  const pipeline = { deadLetters: { add }, intake: { take } }
  const random = seededRandom(1)
  const metrics = new ObserveHttpMetrics(createRegistry())
  addEventRoutes(app, { pipeline, clock: new SimScheduler(random), random, metrics } as unknown as Parameters<
    typeof addEventRoutes
  >[1])
  const payload = [{ trace_id: 't', event_type: 'x' }, { trace_id: '' }]
  return { taken, post: () => app.inject({ method: 'POST', url: '/api/v1/events', payload }) }
}

test('OL6: an answer says that events were refused once their letters are durable', async () => {
  const durable = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<number>()
  const { post, taken } = routeWith(letters => {
    asked.resolve(letters.length)
    return durable.promise
  })
  let isAnswered = false
  const answer = post().finally(() => {
    isAnswered = true
  })
  assert.equal(await asked.promise, 1)
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  assert.deepEqual([isAnswered, taken.length], [false, 0])
  durable.resolve()
  assert.equal((await answer).statusCode, 202)
  assert.equal(taken.length, 1)
})

test('OL6: where letters cannot be kept the request fails, and none of its events is taken', async () => {
  const { post, taken } = routeWith(() => Promise.reject(new Error('the disk is full')))
  assert.equal((await post()).statusCode, 500)
  assert.deepEqual(taken, [])
})
