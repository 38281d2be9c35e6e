/** A run that fails leaves nothing behind that takes room, whichever step of the disk it fails at. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock, systemRandom } from '@chronicle/base'
import type { Archive } from '../src/archive/archive.ts'
import { type Disk, nodeDisk } from '../src/archive/disk.ts'
import { drain } from '../src/run/drain.ts'
import { LocalFiles } from '../src/run/files.ts'
import { event, eventStream } from './intake-support.ts'
import { type Bench, bench, MemorySource, withArchive } from './run-support.ts'

/** A disk that answers once that there is no room, to step number `failing` from its filling on. */
function fullOnce(failing: number): { disk: Disk; fill: () => void; steps: () => number } {
  let steps = Number.NEGATIVE_INFINITY
  const entries = Object.entries(nodeDisk).map(([name, act]) => [
    name,
    (...args: unknown[]) => {
      const isChange = ['create', 'write', 'sync', 'rename', 'syncDirectory'].includes(name)
      if (isChange && steps++ === failing) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      return (act as (...args: unknown[]) => unknown)(...args)
    },
  ])
  return { disk: Object.fromEntries(entries) as Disk, fill: () => void (steps = 0), steps: () => steps }
}

function namesBelow(base: string, directory: string): string[] {
  return readdirSync(join(base, directory), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => `${entry.parentPath}/${entry.name}`.slice(base.length + 1))
    .sort()
}

function drainWith({ settings }: Bench, source: MemorySource, archive: Archive, disk: Disk) {
  const files = new LocalFiles(settings, disk, systemRandom)
  const encodeFrame = () => assert.fail('there are no frames')
  return drain({ source, archive, settings, clock: systemClock, random: systemRandom, encodeFrame, files })
}

test('PA2, PA3: no room at any step: what is left is what the manifest names, and in the end each event is there once', async () => {
  for (let failing = 0, isOver = false; !isOver; failing++) {
    const b = await bench()
    await withArchive(b, async () => undefined)
    const source = new MemorySource([eventStream([event(1), event(2)]), eventStream([event(3, { data: '{' })])])
    const { disk, fill, steps } = fullOnce(failing)
    await withArchive(
      b,
      async archive => {
        fill()
        const run = () => drainWith(b, source, archive, disk)
        await run().catch(error => assert.equal((error as { code?: string }).code, 'ENOSPC'))
        await archive.load().catch(() => archive.load())
        const { files, ids } = archive.manifest
        const named = [...files.map(({ path }) => path), ...Object.values(ids)].sort()
        const inPlace = ['parquet', 'quarantine', 'metadata/ids'].flatMap(name => namesBelow(b.base, name)).sort()
        assert.deepEqual([inPlace, namesBelow(b.base, 'temp')], [named, []], `step ${failing}`)
        source.reopen()
        await run()
        assert.deepEqual(
          archive.manifest.files.map(({ kind, rows }) => [kind, rows]),
          [
            ['parquet', 2],
            ['quarantine', 1],
          ],
          `step ${failing}`,
        )
      },
      { disk },
    )
    isOver = steps() <= failing
  }
})
