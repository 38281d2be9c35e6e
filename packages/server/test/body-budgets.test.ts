import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { SimScheduler } from '@chronicle/testing'
import { BodyBudgets, withinBudgets } from '../src/http/body-budgets.ts'

const mebibyte = 1024 * 1024
const lane = { bytesMax: 16 * mebibyte, waitingMax: 10, waitMsMax: 5_000 }

function bounds() {
  const clock = new SimScheduler(seededRandom(1))
  const budgets = new BodyBudgets({ arriving: lane, working: lane }, clock)
  return { clock, bounds: { budgets, bytesMax: 8 * mebibyte, memoryBytesPerByte: 2 } }
}
const bodyOf = (bytes: number, read: () => Promise<Buffer>) => ({ announcedBytes: bytes, read, unpack: undefined })
const stalled = (): Promise<Buffer> => new Promise(() => undefined)

test('S10: large bodies that never come do not hold up small ones, and small ones are bounded too', async () => {
  const { clock, bounds: within } = bounds()
  for (let at = 0; at < 2; at++) void withinBudgets(bodyOf(8 * mebibyte, stalled), within, async () => 0)
  const small = () => Promise.resolve(Buffer.from('{}'))
  const tiny = withinBudgets(bodyOf(2, small), within, async () => 'taken').catch(error => error.code)
  const large = withinBudgets(bodyOf(mebibyte, small), within, async () => 'taken').catch(error => error.code)
  await clock.advance(lane.waitMsMax)
  assert.deepEqual([await tiny, await large], ['taken', 'server.busy'])
  for (let at = 0; at < 128; at++) void withinBudgets(bodyOf(64 * 1024, stalled), within, async () => 0)
  const late = withinBudgets(bodyOf(2, small), within, async () => 'taken').catch(error => error.code)
  await clock.advance(lane.waitMsMax)
  assert.equal(await late, 'server.busy')
})

test('S10: what a body becomes counts until it was used, and then no more', async () => {
  const { bounds: within } = bounds()
  const using = Promise.withResolvers<void>()
  const read = () => Promise.resolve(Buffer.alloc(8 * mebibyte))
  const first = withinBudgets(bodyOf(8 * mebibyte, read), within, () => using.promise)
  let isSecondUsed = false
  const second = withinBudgets(bodyOf(8 * mebibyte, read), within, async () => {
    isSecondUsed = true
  })
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
  assert.equal(isSecondUsed, false)
  using.resolve()
  await Promise.all([first, second])
  assert.equal(isSecondUsed, true)
})
