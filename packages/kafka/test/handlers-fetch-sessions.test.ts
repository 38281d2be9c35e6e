import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom, systemClock } from '@chronicle/base'
import fc from 'fast-check'
import { type FetchPlan, FetchSessions } from '../src/handlers/fetch-sessions.ts'
import {
  ErrorCode,
  errorName,
  fetch,
  type KafkaConnection,
  type RequestOf,
  type ResponseReceived,
  zeroUuid,
} from '../src/index.ts'
import { batchOf } from './support/batches.ts'
import { makeTopic, produceTo, startBroker } from './support/broker.ts'

type Wish = { topic: string; offset: number; partition?: number }

async function ask(
  client: KafkaConnection,
  session: { id: number; epoch: number },
  wishes: readonly Wish[],
  forgotten: readonly string[] = [],
  maxWaitMs = 0,
) {
  const response = await client.send(fetch, 12, {
    maxWaitMs,
    minBytes: 1,
    sessionId: session.id,
    sessionEpoch: session.epoch,
    topics: wishes.map(({ topic, offset, partition = 0 }) => ({
      topic,
      partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: 10_000 }],
    })),
    forgottenTopicsData: forgotten.map(topic => ({ topic, partitions: [0] })),
  })
  return response
}

const summary = ({ responses }: ResponseReceived<typeof fetch>): string[] =>
  responses.flatMap(({ topic, partitions }) =>
    partitions.map(each => `${topic}: ${each.errorCode === 0 ? each.records!.length : errorName(each.errorCode)}`),
  )

test('a session is asked with changes only and answers with news only', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  for (const topic of ['a', 'b', 'c']) await makeTopic(client, topic)
  const size = batchOf().length
  await produceTo(client, 'a')
  const opened = await ask(
    client,
    { id: 0, epoch: 0 },
    ['a', 'b', 'c'].map(topic => ({ topic, offset: 0 })),
  )
  const id = opened.sessionId
  assert.notEqual(id, 0)
  assert.deepEqual(summary(opened), [`a: ${size}`, 'b: 0', 'c: 0'])

  const quiet = await ask(client, { id, epoch: 1 }, [{ topic: 'a', offset: 1 }])
  assert.deepEqual([quiet.sessionId, summary(quiet)], [id, []])

  const waiting = ask(client, { id, epoch: 2 }, [], [], 20_000)
  await produceTo(await connect(), 'c')
  assert.deepEqual(summary(await waiting), [`c: ${size}`])

  const changed = await ask(client, { id, epoch: 3 }, [{ topic: 'missing', offset: 0 }], ['c'])
  assert.deepEqual(summary(changed), ['missing: UNKNOWN_TOPIC_OR_PARTITION'])
  const rest = await ask(client, { id, epoch: 4 }, [{ topic: 'b', offset: 0 }], ['missing'])
  assert.deepEqual(summary(rest), [])

  const over = await ask(client, { id, epoch: -1 }, [{ topic: 'a', offset: 0 }])
  assert.deepEqual([over.sessionId, summary(over)], [0, [`a: ${size}`]])
  assert.equal(errorName((await ask(client, { id, epoch: 5 }, [])).errorCode), 'FETCH_SESSION_ID_NOT_FOUND')
})

test('a session with a wrong epoch is refused and goes on with the right one', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  await makeTopic(client, 'a')
  const { sessionId: id } = await ask(client, { id: 0, epoch: 0 }, [{ topic: 'a', offset: 0 }])
  assert.equal(errorName((await ask(client, { id, epoch: 2 }, [])).errorCode), 'INVALID_FETCH_SESSION_EPOCH')
  assert.equal((await ask(client, { id, epoch: 1 }, [])).errorCode, 0)
  assert.equal(errorName((await ask(client, { id, epoch: 1 }, [])).errorCode), 'INVALID_FETCH_SESSION_EPOCH')
  assert.equal(errorName((await ask(client, { id: id + 1, epoch: 1 }, [])).errorCode), 'FETCH_SESSION_ID_NOT_FOUND')
  const again = await ask(client, { id, epoch: 0 }, [{ topic: 'a', offset: 0 }])
  assert.ok(again.sessionId !== 0 && again.sessionId !== id)
  const byId = await client.send(fetch, 13, {
    maxWaitMs: 0,
    minBytes: 1,
    sessionId: again.sessionId,
    sessionEpoch: 1,
    topics: [{ topicId: '4LjI3y2aTXyVWrJcRm4-LQ', partitions: [] }],
  })
  assert.equal(errorName(byId.errorCode), 'FETCH_SESSION_TOPIC_ID_ERROR')
})

test('partitions that had records come last the next time, so that none starves', async t => {
  const { connect } = await startBroker(t)
  const client = await connect()
  const size = batchOf().length
  for (const topic of ['a', 'b']) {
    await makeTopic(client, topic)
    for (let n = 0; n < 4; n++) await produceTo(client, topic)
  }
  const wishes = ['a', 'b'].map(topic => ({
    topic,
    partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }],
  }))
  const base = { maxWaitMs: 0, minBytes: 1, maxBytes: 1, topics: [] }
  const first = await client.send(fetch, 12, { ...base, sessionId: 0, sessionEpoch: 0, topics: wishes })
  assert.deepEqual(summary(first), [`a: ${size}`, 'b: 0'])
  const second = await client.send(fetch, 12, { ...base, sessionId: first.sessionId, sessionEpoch: 1 })
  assert.deepEqual(summary(second), [`b: ${size}`])
  const third = await client.send(fetch, 12, { ...base, sessionId: first.sessionId, sessionEpoch: 2 })
  assert.deepEqual(summary(third), [`a: ${size}`])
})

type Request = RequestOf<typeof fetch>

function request(
  sessionId: number,
  sessionEpoch: number,
  indexes: readonly number[],
  forgotten: readonly number[] = [],
) {
  const partitions = indexes.map(partition => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 }))
  const topics = indexes.length === 0 ? [] : [{ topic: 't', topicId: zeroUuid, partitions }]
  const forgottenTopicsData = forgotten.length === 0 ? [] : [{ topic: 't', topicId: zeroUuid, partitions: forgotten }]
  return { sessionId, sessionEpoch, topics, forgottenTopicsData } as unknown as Request
}

const limits = { fetchSessionsMax: 3, fetchSessionEvictionMsMin: 100, fetchSessionPartitionsMax: 10 }

test('N9: sessions are bounded; only one that was not used for a while gives way', () => {
  let now = 0
  const sessions = new FetchSessions(limits, { ...systemClock, monotonic: () => now }, seededRandom(1))
  const open = (indexes = [0]) => (sessions.plan(request(0, 0, indexes)) as FetchPlan).session
  const ids = [open(), open(), open()].map(session => session!.id)
  assert.equal(new Set(ids).size, 3)
  assert.equal(open(), undefined)
  now = 99
  assert.equal(open(), undefined)
  // The first is used now, so the second is the oldest.
  assert.equal(typeof sessions.plan(request(ids[0]!, 1, [])), 'object')
  now = 150
  assert.notEqual(open(), undefined)
  assert.equal(sessions.size, 3)
  assert.equal(typeof sessions.plan(request(ids[1]!, 1, [])), 'number')
  assert.equal(typeof sessions.plan(request(ids[0]!, 2, [])), 'object')
})

test('N9: partitions of all sessions are bounded, and given back when sessions go', () => {
  const sessions = new FetchSessions(limits, systemClock, seededRandom(1))
  const open = (count: number) =>
    (
      sessions.plan(
        request(
          0,
          0,
          Array.from({ length: count }, (_, n) => n),
        ),
      ) as FetchPlan
    ).session
  const first = open(8)!
  assert.equal(open(3), undefined)
  assert.notEqual(open(2), undefined)
  sessions.plan(request(first.id, 1, [], [0, 1, 2, 3, 4, 5, 6]))
  assert.notEqual(open(7), undefined)
  assert.equal(open(1), undefined)
  // A session that grows past the limit is given up.
  assert.equal(sessions.plan(request(first.id, 2, [1, 2, 3])), ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
  assert.notEqual(open(1), undefined)
})

test('a session holds what a model of sets holds, whatever is added and forgotten', () => {
  const steps = fc.array(
    fc.record({ add: fc.array(fc.nat(9), { maxLength: 4 }), forget: fc.array(fc.nat(9), { maxLength: 4 }) }),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(steps, all => {
      const sessions = new FetchSessions(limits, systemClock, seededRandom(1))
      const { session } = sessions.plan(request(0, 0, [0])) as FetchPlan
      const model = new Set([0])
      let epoch = 1
      for (const { add, forget } of all) {
        for (const index of add) model.add(index)
        for (const index of forget) model.delete(index)
        const plan = sessions.plan(request(session!.id, epoch++, add, forget))
        assert.ok(typeof plan === 'object')
        assert.deepEqual(new Set(plan.partitions.map(({ partition }) => partition)), model)
        if (model.size === 0) {
          assert.equal(sessions.size, 0)
          return
        }
      }
    }),
  )
})
