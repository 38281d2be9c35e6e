import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { crc32c } from '@chronicle/base'
import { type ModelEntry, readFrom, type SimDisk } from '@chronicle/testing'
import { type Wal, walErrors } from '../src/index.ts'
import { simMachine, smallLimits } from './support.ts'

type Machine = ReturnType<typeof simMachine>

/** A log's whole day: opened, written to over several files, read, trimmed, written to again, closed. */
async function day(machine: Machine, taken: ModelEntry[]): Promise<Wal> {
  const { scheduler } = machine
  const wal = await machine.open()
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 100; n++) {
      const payload = Buffer.alloc(1500, taken.length)
      taken.push({ lsn: wal.append(1, 16, payload, crc32c(payload)), stream: 1, kind: 16, payload })
      if (n % 10 === 0) await scheduler.settle(wal.flushed())
    }
    await scheduler.settle(wal.flushed())
    await scheduler.settle(readFrom(wal, wal.startLsn, 10))
    await scheduler.settle(wal.trim(taken.at(-5)!.lsn))
  }
  await scheduler.settle(wal.close())
  return wal
}

async function recovered(machine: Machine): Promise<{ wal: Wal; seen: ModelEntry[] }> {
  machine.scheduler.clear()
  machine.disk.restart('power')
  const seen: ModelEntry[] = []
  const wal = await machine.open({
    onReplay: (lsn, stream, kind, payload) => seen.push({ lsn, stream, kind, payload: Buffer.from(payload) }),
  })
  return { wal, seen }
}

async function operationsOfADay(): Promise<number> {
  const machine = simMachine()
  await day(machine, [])
  return machine.disk.operations
}

async function failingAt(
  index: number,
  code: 'EIO' | 'ENOSPC',
  forEver: boolean,
): Promise<Machine & { taken: ModelEntry[] }> {
  const machine = simMachine()
  const taken: ModelEntry[] = []
  machine.disk.fault = (_operation, _path, at) => (at === index || (forEver && at > index) ? code : undefined)
  try {
    await day(machine, taken)
  } catch (error) {
    // Of a start that fails the disk's own error is told; of everything later an error of the log.
    const known = walErrors.is(error) || (error as { code?: string }).code === code
    if (!known) throw error
  }
  return { ...machine, taken }
}

describe('each operation of the disk fails in turn', async () => {
  const operations = await operationsOfADay()
  for (const [name, code, forEver] of [
    ['once', 'EIO', false],
    ['once, for want of space', 'ENOSPC', false],
    ['and all after it', 'EIO', true],
  ] as const) {
    test(`W1, W2, W7: ${name}`, async () => {
      for (let index = 0; index < operations; index++) {
        const machine = await failingAt(index, code, forEver)
        const durableLsn = Math.max(0, ...machine.durable)
        const { wal, seen } = await recovered(machine)
        assert.ok(wal.endLsn >= durableLsn, `operation ${index}: acknowledged ${durableLsn}, found ${wal.endLsn}`)
        const kept = machine.taken.filter(entry => entry.lsn >= wal.startLsn)
        assert.deepEqual(seen, kept.slice(0, seen.length), `operation ${index}: a prefix of what was appended`)
      }
    })
  }
})

async function failedLog(operation: 'write' | 'datasync'): Promise<{ machine: Machine; wal: Wal; before: ModelEntry }> {
  const machine = simMachine()
  const wal = await machine.open()
  const payload = Buffer.from('durable')
  const before = { lsn: wal.append(1, 16, payload, crc32c(payload)), stream: 1, kind: 16, payload }
  await machine.scheduler.settle(wal.flushed())
  machine.disk.fault = failing => (failing === operation ? 'EIO' : undefined)
  wal.append(1, 16, payload, crc32c(payload))
  await assert.rejects(machine.scheduler.settle(wal.flushed()), { code: 'wal.failed' })
  machine.disk.fault = () => undefined
  return { machine, wal, before }
}

for (const operation of ['write', 'datasync'] as const) {
  test(`W2: after a failed ${operation} the log takes nothing any more, though the disk is well again`, async () => {
    const { machine, wal, before } = await failedLog(operation)
    const { durableLsn } = wal
    assert.equal(machine.failures.length, 1)
    assert.equal(wal.refusal, machine.failures[0])
    assert.throws(() => wal.append(1, 16, Buffer.alloc(0), 0), { code: 'wal.failed' })
    await assert.rejects(wal.seal(), { code: 'wal.failed' })
    await assert.rejects(wal.flushed(), { code: 'wal.failed' })
    assert.equal(wal.ready, true)
    await wal.whenReady()
    await machine.scheduler.advance(10_000)
    assert.equal(wal.durableLsn, durableLsn)
    assert.deepEqual(machine.durable, [durableLsn])
    assert.deepEqual(await readFrom(wal, before.lsn, 5), [before])
    await machine.scheduler.settle(wal.close())
  })
}

test('a group that gathers while another fails is refused with it', async () => {
  const machine = simMachine()
  const wal = await machine.open()
  machine.disk.fault = operation => (operation === 'datasync' ? 'EIO' : undefined)
  const outcomes: string[] = []
  const append = (name: string): void => {
    wal.append(1, 16, Buffer.alloc(8), crc32c(Buffer.alloc(8)))
    wal.flushed().catch(error => outcomes.push(`${name} ${error.code}`))
  }
  append('first')
  await machine.scheduler.step()
  append('second')
  await machine.scheduler.advance(1_000)
  assert.deepEqual(outcomes.sort(), ['first wal.failed', 'second wal.failed'])
})

test('a failing read is told as that, and fails nothing else', async () => {
  for (const warmBytesMax of [0, 2 ** 40]) {
    const machine = simMachine()
    const taken: ModelEntry[] = []
    await day(machine, taken)
    const wal = await machine.open({ limits: { ...smallLimits, warmBytesMax } })
    const wanted = taken.find(entry => entry.lsn >= wal.startLsn)!
    machine.disk.fault = operation => (operation === 'read' ? 'EIO' : undefined)
    const reading = machine.scheduler.settle(Promise.resolve().then(() => wal.read(wanted.lsn, 100)))
    await assert.rejects(reading, { code: 'wal.read-failed' })
    machine.disk.fault = () => undefined
    assert.deepEqual(await machine.scheduler.settle(readFrom(wal, wanted.lsn, 1)), [wanted])
    assert.equal(wal.refusal, undefined)
  }
})

test('W5: damage is found by whoever reads it: in a header by all, in a payload by those whose it is', async () => {
  const machine = simMachine()
  const taken: ModelEntry[] = []
  await day(machine, taken)
  const wal = await machine.open({ replayFrom: taken.at(-1)!.lsn })
  const victim = taken.find(entry => entry.lsn >= wal.startLsn)!
  const damage = (offset: number): void => corrupt(machine.disk, wal, victim.lsn, offset)
  const read = (stream?: number) =>
    machine.scheduler.settle(Promise.resolve().then(() => wal.read(victim.lsn, 1, stream)))
  damage(100)
  await assert.rejects(read(), { code: 'wal.damaged' })
  await assert.rejects(read(1), { code: 'wal.damaged', message: new RegExp(`lsn: ${victim.lsn}`) })
  ;(await read(2)).release()
  damage(20)
  await assert.rejects(read(2), { code: 'wal.damaged' })
  damage(20)
  damage(100)
  ;(await read(1)).release()
})

function corrupt(disk: SimDisk, wal: Wal, lsn: number, offset: number): void {
  const file = disk.paths().find(path => path.endsWith(`${String(wal.startLsn).padStart(16, '0')}.wal`))!
  disk.corrupt(file, bytes => {
    bytes[4096 + lsn - wal.startLsn + offset]! ^= 4
    return bytes
  })
}

test('a directory that cannot be made is refused with the disk’s own error', async () => {
  const machine = simMachine()
  machine.disk.fault = operation => (operation === 'makeDirectory' ? 'EACCES' : undefined)
  await assert.rejects(machine.open(), { code: 'EACCES' })
})
