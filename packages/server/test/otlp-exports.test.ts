import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { logErrors } from '@chronicle/log'
import { observeErrors } from '@chronicle/observe'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { SimScheduler } from '@chronicle/testing'
import { serverErrors } from '../src/errors.ts'
import { type ExportRequest, TraceExports } from '../src/otlp/exports.ts'
import { arriving, requestBytesMax } from '../src/otlp/limits.ts'
import { refusalOf } from '../src/otlp/refusal.ts'

const settled = () => new Promise(resolve => setImmediate(resolve))

test('S20: no more is asked for than the memory for arriving requests takes, and who waits too long is busy', async () => {
  const clock = new SimScheduler(seededRandom(1))
  const exports = new TraceExports({
    intake: { take: async () => {} },
    clock,
    logger: silentLogger,
    registry: createRegistry(),
  })
  const begun: ((body: Buffer) => void)[] = []
  const request: ExportRequest = {
    encoding: 'json',
    compression: undefined,
    announcedBytes: undefined,
    read: () => new Promise(resolve => begun.push(resolve)),
  }
  const fit = Math.floor(arriving.bytesMax / requestBytesMax)
  const outcomes = Array.from({ length: fit + 2 }, () =>
    exports.take(request, 'http').then(
      () => 'taken',
      error => error.code,
    ),
  )
  await settled()
  assert.equal(begun.length, fit)
  begun[0]!(Buffer.from('{}'))
  assert.equal(await outcomes[0], 'taken')
  await settled()
  assert.equal(begun.length, fit + 1)
  await clock.advance(arriving.waitMsMax)
  assert.equal(await outcomes[fit + 1], 'server.busy')
})

test('an answer asks for the same request again only where that may help, and tells no secret of ours', () => {
  const answers = (error: unknown) => {
    const { httpStatus, grpcCode, mayRetry, outcome } = refusalOf(error)
    return [httpStatus, grpcCode, mayRetry, outcome]
  }
  assert.deepEqual(answers(observeErrors.create('observe.busy')), [503, 14, true, 'busy'])
  assert.deepEqual(answers(serverErrors.create('server.busy')), [503, 14, true, 'busy'])
  assert.deepEqual(answers(observeErrors.create('observe.too-many-events')), [413, 3, false, 'too-large'])
  assert.deepEqual(answers(observeErrors.create('observe.invalid-otlp')), [400, 3, false, 'invalid'])
  assert.deepEqual(answers(serverErrors.create('server.request-timed-out')), [408, 4, false, 'late'])
  assert.deepEqual(answers(serverErrors.create('server.origin-not-accepted')), [403, 3, false, 'invalid'])
  const storage = logErrors.create('log.storage', { path: '/secret' })
  assert.deepEqual(answers(storage), [503, 14, true, 'failed'])
  const unknown = new Error('secret')
  assert.deepEqual(answers(unknown), [500, 13, false, 'failed'])
  for (const error of [storage, unknown]) assert.doesNotMatch(refusalOf(error).message, /secret/)
})
