/** What a run has told its source to forget is durable: power may be lost at any step, also of the process that goes on after one that was killed. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { event, eventStream } from './intake-support.ts'
import { Crash, mortalDisk } from './mortal-disk.ts'
import { PowerLossDisk } from './power-loss-disk.ts'
import { archivedRows, type Bench, MemorySource, pack, settingsFor, testKeys } from './run-support.ts'

/** Keeps records in memory first, as the pages of a ring. */
class RingLikeSource extends MemorySource {
  #settled = 0

  async settle(): Promise<void> {
    this.#settled = this.records.length
  }

  losePower(): void {
    this.records.length = this.#settled
    this.released = Math.min(this.released, this.end)
  }
}

const wanted = [1, 2, 3, 4].map(at => event(at).event_id)

async function idsIn(b: Bench): Promise<unknown[]> {
  return (await archivedRows(b)).map(({ row }) => row.event_id).sort()
}

for (const [what, runs] of [
  ['in a run', 1],
  ['in the run after one that was killed', 2],
] as const) {
  test(`PA2: power is lost ${what}: every event is in one verified file, or still in the source`, async () => {
    for (let steps = 0, isOver = false; !isOver; steps++) {
      const machine = new PowerLossDisk()
      const base = join(machine.root, 'new/archive')
      const b = { base, settings: settingsFor(base), keys: await testKeys() }
      const source = new MemorySource([eventStream([event(1), event(2)]), eventStream([event(3), event(4)])])
      const { disk, hasEnded } = mortalDisk(steps, machine.disk)
      await pack(b, source, { disk }).catch(error => assert.ok(error instanceof Crash, error))
      isOver = !hasEnded()
      source.reopen()
      if (runs === 2) await pack(b, source, { disk: machine.disk })
      const root = machine.afterPowerLoss()
      const baseAfter = join(root, 'new/archive')
      const after = { ...b, base: baseAfter, settings: settingsFor(baseAfter) }
      if (source.released > 0) assert.deepEqual(await idsIn(after), wanted, `after ${steps} steps`)
      source.reopen()
      await pack(after, source)
      assert.deepEqual(await idsIn(after), wanted, `after ${steps} steps`)
      rmSync(root, { recursive: true })
      rmSync(machine.root, { recursive: true })
    }
  })
}

test('PA2: a ring may lose with its power what was not packed: what is written in its place afterwards is packed', async () => {
  for (let steps = 0, isOver = false; !isOver; steps++) {
    const machine = new PowerLossDisk()
    const base = join(machine.root, 'archive')
    const b = { base, settings: settingsFor(base), keys: await testKeys() }
    const source = new RingLikeSource([eventStream([event(1)]), eventStream([event(2)])])
    const { disk, hasEnded } = mortalDisk(steps, machine.disk)
    await pack(b, source, { disk }).catch(error => assert.ok(error instanceof Crash, error))
    isOver = !hasEnded()
    const root = machine.afterPowerLoss()
    const baseAfter = join(root, 'archive')
    const after = { ...b, base: baseAfter, settings: settingsFor(baseAfter) }
    source.losePower()
    source.reopen()
    for (const at of [3, 4, 5]) source.push(eventStream([event(at)]))
    await pack(after, source)
    assert.deepEqual(
      (await idsIn(after)).slice(-3),
      [3, 4, 5].map(at => event(at).event_id),
      `after ${steps} steps`,
    )
    rmSync(root, { recursive: true })
    rmSync(machine.root, { recursive: true })
  }
})
