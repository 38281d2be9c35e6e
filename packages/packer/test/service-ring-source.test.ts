import assert from 'node:assert/strict'
import { copyFileSync, rmSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { openRingWriter } from '../src/index.ts'
import { recordHeaderBytes } from '../src/ring/layout.ts'
import { sliceBytesMax } from '../src/run/drain.ts'
import { openRingSource } from '../src/service/ring-source.ts'
import { event, eventStream } from './intake-support.ts'
import { ringPath } from './ring-support.ts'

async function openSource(path: string) {
  const writer = await openRingWriter({ path, capacityBytes: 1024 * 1024 })
  await writer.write('events', eventStream([event(1)]), 0)
  writer.close()
  const told: string[] = []
  const onGone = () => void told.push('gone')
  const source = await openRingSource({
    path,
    backpressureThreshold: 0.8,
    writeTimeoutMs: 1000,
    busyMsMax: 0,
    clock: systemClock,
    onGone,
  })
  return { source, told }
}

test('a ring that is deleted while it is read ends there: what was read is whole, and nowhere else any more', async t => {
  const path = ringPath(t)
  const { source, told } = await openSource(path)
  const slice = await source.read(1000)
  assert.equal(slice?.records.length, 1)
  rmSync(path)
  assert.equal(await source.read(1000), undefined)
  assert.deepEqual(told, ['gone'])
  await source.settle?.()
  await source.release(slice.next)
  await source.close()
})

test('where only the lock beside a ring is deleted, the read fails: the next run reads it all again', async t => {
  const path = ringPath(t)
  const { source, told } = await openSource(path)
  assert.ok(await source.read(1000))
  rmSync(`${path}.reader-lock`)
  await assert.rejects(source.read(1000), { code: 'packer.ring-removed' })
  assert.deepEqual(told, [])
  await source.close()
})

test('a copy of the ring in its place is another file of the same ring: the next run reads it', async t => {
  const path = ringPath(t)
  const { source } = await openSource(path)
  assert.ok(await source.read(1000))
  copyFileSync(path, `${path}.copy`)
  rmSync(path)
  copyFileSync(`${path}.copy`, path)
  await assert.rejects(source.read(1000), { code: 'packer.ring-removed' })
  await source.close()
})

test('a slice of as many records as can be: all of it is refused or packed, and reading goes on', async t => {
  const path = ringPath(t)
  const writer = await openRingWriter({ path, capacityBytes: 8 * 1024 * 1024 })
  const empty = new Uint8Array(0)
  const records = sliceBytesMax / recordHeaderBytes + 1
  for (let at = 0; at < records; at++) await writer.write('events', empty, 0)
  writer.close()
  const options = { path, backpressureThreshold: 0.8, writeTimeoutMs: 1000, busyMsMax: 0, clock: systemClock }
  const source = await openRingSource(options)
  const [first, second] = [await source.read(sliceBytesMax), await source.read(sliceBytesMax)]
  assert.deepEqual([first?.from, first?.records.length, second?.records.length], [0, records - 1, 1])
  await source.close()
})
