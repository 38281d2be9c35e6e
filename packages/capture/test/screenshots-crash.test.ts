import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Screenshots } from '../src/screenshots/index.ts'
import { EndOfProcess, eventOf, House, idOf, imageOf, until } from './screenshots-support.ts'

/** Every way of a screenshot: memory, a file at once, a file to make room, analysed, expired, stopped. */
async function wholeLife(house: House, shots: Screenshots): Promise<void> {
  const sizes = [1500, 40_000, 1500, 1500, 1500]
  for (const [at, size] of sizes.entries()) await shots.accept(eventOf(at), imageOf(size, at)).catch(ignoreEnd)
  await shots.analysed([idOf(0), idOf(1)]).catch(ignoreEnd)
  house.clock.wallMs += 61_000
  await house.clock.pass(1000)
  await shots.stop().catch(ignoreEnd)
}

/** What was under way when the process ended. */
function ignoreEnd(error: unknown): void {
  const { cause } = error as Error
  if (!(error instanceof EndOfProcess || cause instanceof EndOfProcess)) throw error
}

/** The next start in the same place, on a disk that works. */
async function assertNextStartIsClean(before: House, step: number): Promise<void> {
  const after = new House({ base: before.base, seed: 2 })
  const shots = await after.open()
  assert.deepEqual(after.files, [], `step ${step}: a file is left`)
  for (const row of after.rows()) assert.equal(row.state, 'deleted', `step ${step}`)
  before.assertNothingPlain()
  assert.equal(shots.metrics().live, 0)
  before.close()
  await after.remove()
}

test('CS1, CS4: a process that ends at any step leaves nothing that the next start does not remove', async () => {
  let crashes = 0
  for (let end = 1; ; end++) {
    const house = new House()
    house.steps.check = step => {
      if (step >= end) throw new EndOfProcess(`step ${end}`)
    }
    const shots = await house.open().catch(ignoreEnd)
    if (shots) await wholeLife(house, shots)
    await house.steps.idle()
    const wasHit = house.steps.taken >= end
    house.assertNothingPlain()
    await assertNextStartIsClean(house, end)
    if (!wasHit) break
    crashes++
  }
  assert.ok(crashes > 30, `${crashes} steps`)
})

test('CS3: a step that fails once costs at most one screenshot, and nothing of that is left', async () => {
  let faults = 0
  for (let failing = 1; ; failing++) {
    const house = new House()
    const shots = await house.open()
    const first = house.steps.taken
    house.steps.check = step => {
      if (step === first + failing) throw Object.assign(new Error('injected'), { code: 'EIO' })
    }
    await wholeLife(house, shots)
    await house.steps.idle()
    const wasHit = house.steps.taken >= first + failing
    await assert.rejects(shots.read(idOf(2)))
    assert.deepEqual(shots.metrics().bytes, { waiting: 0, memory: 0, files: 0 }, `step ${failing}`)
    house.assertNothingPlain()
    await assertNextStartIsClean(house, failing)
    if (!wasHit) break
    faults++
  }
  assert.ok(faults > 30, `${faults} steps`)
})

test('CS3: a file that cannot be removed has no key, is tried again, and is not called deleted before it is gone', async () => {
  const house = new House()
  const shots = await house.open()
  await shots.accept(eventOf(1), imageOf(50_000))
  const files = house.files
  house.steps.check = () => {
    throw Object.assign(new Error('injected'), { code: 'EBUSY' })
  }
  await shots.analysed([idOf(1)])
  assert.deepEqual(house.files, files)
  await assert.rejects(shots.read(idOf(1)), /analysed/)
  house.steps.check = () => undefined
  await house.clock.pass(1000)
  await until(() => house.rows()[0]!.state === 'deleted')
  assert.deepEqual(house.files, [])
  assert.deepEqual(house.rows(), [{ state: 'deleted', place: 'deleted', reason: 'analysed' }])
  await house.remove()
})

test('CS4: what cannot be removed at the start is tried again, and health says so; other files are let be', async () => {
  const house = new House()
  await (await house.open()).stop()
  const left = join(house.directory, `${idOf(9)}.sealed`)
  writeFileSync(left, 'sealed')
  writeFileSync(join(house.directory, 'holiday.png'), 'not ours')
  house.registry.clear()
  // The first two steps make the directory and list it.
  const first = house.steps.taken
  house.steps.check = step => {
    if (step === first + 3) throw Object.assign(new Error('injected'), { code: 'EACCES' })
  }
  const shots = await house.open()
  assert.equal(shots.health().status, 'warn')
  await house.clock.pass(1000)
  await until(() => shots.health().status === 'pass')
  assert.deepEqual(house.files, ['holiday.png'])
  await house.remove()
})

test('CS3: what is destroyed while its file is being written leaves none', async () => {
  const house = new House()
  const shots = await house.open()
  let analysed: Promise<void> | undefined
  const first = house.steps.taken
  house.steps.check = step => {
    // Captured, key, made, and now written for the first time.
    if (step === first + 5) analysed = shots.analysed([idOf(1)])
  }
  await shots.accept(eventOf(1), imageOf(50_000))
  await analysed
  assert.ok(analysed)
  assert.deepEqual(house.files, [])
  assert.deepEqual(shots.metrics().bytes, { waiting: 0, memory: 0, files: 0 })
  assert.deepEqual(house.rows(), [{ state: 'deleted', place: 'deleted', reason: 'analysed' }])
  await house.remove()
})
