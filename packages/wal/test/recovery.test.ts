import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { crc32c } from '@chronicle/base'
import { entriesOf, type ModelEntry } from '@chronicle/testing'
import { entryVersion, putEntryHeader } from '../src/entry.ts'
import { encodeFileHeader, fileHeaderBytes, saltOf } from '../src/file-header.ts'
import type { Wal } from '../src/index.ts'
import { directory, simMachine } from './support.ts'

type Machine = ReturnType<typeof simMachine>

const path = (firstLsn: number): string => `${directory}/${String(firstLsn).padStart(16, '0')}.wal`

/** Appends groups of entries of 200 bytes (232 in the log), each made durable; some files' worth of them. */
async function write(machine: Machine, wal: Wal, groups: number, perGroup = 4): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = []
  for (let group = 0; group < groups; group++) {
    for (let n = 0; n < perGroup; n++) {
      const payload = Buffer.alloc(200, entries.length + 1)
      entries.push({ lsn: wal.append(1, 16, payload, crc32c(payload)), stream: 1, kind: 16, payload })
    }
    await machine.scheduler.settle(wal.flushed())
  }
  return entries
}

/** What a start finds after the process was killed. */
async function restart(machine: Machine, replayFrom = 0): Promise<{ wal: Wal; seen: ModelEntry[] }> {
  machine.scheduler.clear()
  machine.disk.restart('kill')
  const seen: ModelEntry[] = []
  const wal = await machine.open({
    replayFrom,
    onReplay: (lsn, stream, kind, payload) => seen.push({ lsn, stream, kind, payload: Buffer.from(payload) }),
  })
  return { wal, seen }
}

/** Three files and more. */
async function several(): Promise<{ machine: Machine; entries: ModelEntry[]; files: number[] }> {
  const machine = simMachine()
  const wal = await machine.open()
  const entries = await write(machine, wal, 200)
  const files = machine.disk.paths().map(name => Number(name.slice(-20, -4)))
  assert.ok(files.length >= 3)
  return { machine, entries, files }
}

function flip(machine: Machine, firstLsn: number, offset: number): void {
  machine.disk.corrupt(path(firstLsn), bytes => {
    bytes[offset]! ^= 0x10
    return bytes
  })
}

describe('file headers', () => {
  test('W4: a damaged one is refused, in any file', async () => {
    for (const index of [0, 1, 2]) {
      const { machine, files } = await several()
      flip(machine, files[index]!, 9)
      await assert.rejects(restart(machine), {
        code: 'wal.damaged',
        details: { file: path(files[index]!), offset: 0, lsn: files[index], part: 'file header' },
      })
    }
  })

  test('W4: a file shorter than its header is refused', async () => {
    const { machine, files } = await several()
    machine.disk.corrupt(path(files.at(-1)!), bytes => bytes.subarray(0, 100))
    await assert.rejects(restart(machine), { code: 'wal.damaged' })
  })

  test('W4: a file that is missing between others is refused, and named', async () => {
    const { machine, files } = await several()
    machine.disk.plant(path(files[1]!), undefined)
    await assert.rejects(restart(machine), {
      code: 'wal.file-missing',
      details: {
        file: path(files[2]!),
        offset: 0,
        lsn: files[2],
        missing: path(files[1]!).slice(directory.length + 1),
      },
    })
  })

  test('W4: a file of another log, and a copy under another name, are refused', async () => {
    const { machine, files } = await several()
    const uuid = Buffer.alloc(16, 7)
    const head = encodeFileHeader({ uuid, firstLsn: files[1]!, previousLsn: files[0], createdAt: 0 })
    const file = path(files[1]!)
    const original = machine.disk.contents(file)
    machine.disk.corrupt(file, bytes => Buffer.concat([head, bytes.subarray(head.length)]))
    await assert.rejects(restart(machine), { code: 'wal.foreign-file', message: new RegExp(file) })
    machine.disk.corrupt(file, () => original)
    machine.disk.plant(path(files[1]! + 8), original)
    await assert.rejects(restart(machine), { code: 'wal.foreign-file', message: new RegExp(path(files[1]! + 8)) })
  })

  test('a file of a newer version is refused as that', async () => {
    const { machine, files } = await several()
    machine.disk.corrupt(path(files[2]!), bytes => {
      bytes.writeUInt16BE(2, 4)
      bytes.writeUInt32BE(crc32c(bytes.subarray(0, 60)), 60)
      return bytes
    })
    await assert.rejects(restart(machine), { code: 'wal.unsupported-version' })
  })

  test('what is not a file of the log is left alone', async () => {
    const { machine, entries } = await several()
    machine.disk.plant(`${directory}/notes.txt`, Buffer.from('mine'))
    assert.equal((await restart(machine)).seen.length, entries.length)
    assert.equal(machine.disk.contents(`${directory}/notes.txt`).toString(), 'mine')
  })
})

describe('entries', () => {
  test('W5: damage in a file that is not the last is refused', async () => {
    const { machine, entries, files } = await several()
    const victim = entries.find(entry => entry.lsn > files[1]!)!
    const offset = fileHeaderBytes + victim.lsn - files[1]!
    flip(machine, files[1]!, offset + 40)
    await assert.rejects(restart(machine), {
      code: 'wal.damaged',
      details: { file: path(files[1]!), offset, lsn: victim.lsn, part: 'entry' },
    })
  })

  test('W5: a file that is not the last and is too short is refused, though it is not replayed', async () => {
    const { machine, files, entries } = await several()
    machine.disk.corrupt(path(files[0]!), bytes => bytes.subarray(0, bytes.length - 8))
    await assert.rejects(restart(machine, entries.at(-1)!.lsn), { code: 'wal.damaged' })
  })

  test('W5: damage in the last file is refused where a later entry proves that it was durable', async () => {
    const machine = simMachine()
    const entries = await write(machine, await machine.open(), 2)
    flip(machine, 0, fileHeaderBytes + entries[2]!.lsn + 40)
    await assert.rejects(restart(machine), { code: 'wal.damaged', message: /lsn: 464/ })
  })

  test('a torn group, of which later entries are whole, is cut: none of it was acknowledged', async () => {
    const machine = simMachine()
    const entries = await write(machine, await machine.open(), 1)
    flip(machine, 0, fileHeaderBytes + entries[2]!.lsn + 40)
    const { wal, seen } = await restart(machine)
    assert.deepEqual(seen, entries.slice(0, 2))
    assert.equal(wal.endLsn, entries[2]!.lsn)
  })

  test('W5: a quiet moment, or a close in good order, proves the last group too', async () => {
    for (const settle of ['mark', 'close']) {
      const machine = simMachine()
      const wal = await machine.open()
      const entries = await write(machine, wal, 1)
      if (settle === 'close') await machine.scheduler.settle(wal.close())
      else await machine.scheduler.advance(5_000)
      flip(machine, 0, fileHeaderBytes + entries[2]!.lsn + 40)
      await assert.rejects(restart(machine), { code: 'wal.damaged' }, settle)
    }
  })

  test('W5: an end before the position that replay was to begin at is refused', async () => {
    const machine = simMachine()
    const entries = await write(machine, await machine.open(), 1)
    machine.disk.corrupt(path(0), bytes => bytes.subarray(0, fileHeaderBytes + 232))
    await assert.rejects(restart(machine, entries[2]!.lsn), { code: 'wal.damaged' })
    machine.disk.plant(path(0), undefined)
    await assert.rejects(restart(machine, entries[2]!.lsn), { code: 'wal.file-missing' })
  })

  test('a replay that begins between entries is refused, and cuts nothing', async () => {
    const machine = simMachine()
    const entries = await write(machine, await machine.open(), 3)
    await assert.rejects(restart(machine, entries[5]!.lsn + 8), { code: 'wal.invalid-position' })
    assert.deepEqual((await restart(machine, entries[5]!.lsn)).seen, entries.slice(5))
  })

  test('an entry of a newer version is refused as that, not cut', async () => {
    const machine = simMachine()
    const entries = await write(machine, await machine.open(), 1)
    const { lsn } = entries[3]!
    machine.disk.corrupt(path(0), bytes => {
      const at = fileHeaderBytes + lsn
      const salt = saltOf(bytes.subarray(8, 24))
      bytes[at + 29] = entryVersion + 1
      bytes.writeUInt32BE(crc32c(bytes.subarray(at + 4, at + 32), salt), at)
      return bytes
    })
    await assert.rejects(restart(machine), { code: 'wal.unsupported-version' })
  })

  test('W6: a payload that looks like entries of this very log is a payload', async () => {
    const machine = simMachine()
    const wal = await machine.open()
    const payload = Buffer.alloc(400)
    // All right but for the salt, which whoever sends payloads does not know; it claims that all before was durable.
    for (let at = 0; at < 400; at += 40)
      putEntryHeader(payload, at, 0, 232 + 32 + at, 0, 1, 16, 8, crc32c(Buffer.alloc(8)))
    const entries = await write(machine, wal, 1, 1)
    wal.append(1, 16, payload, crc32c(payload))
    await machine.scheduler.settle(wal.flushed())
    flip(machine, 0, fileHeaderBytes + entries[0]!.lsn + 40)
    // Torn, by all that can be told: the two were in different groups, but nothing later says so. The second one does.
    await assert.rejects(restart(machine), { code: 'wal.damaged' })
    flip(machine, 0, fileHeaderBytes + entries[0]!.lsn + 40)
    flip(machine, 0, fileHeaderBytes + 232 + 5)
    assert.deepEqual((await restart(machine)).seen, entries)
  })
})

describe('what recovery leaves behind', () => {
  test('W7: entries behind a cut never come back, even where new ones end exactly at them', async () => {
    const machine = simMachine()
    const entries = await write(machine, await machine.open(), 1)
    flip(machine, 0, fileHeaderBytes + entries[1]!.lsn + 40)
    const { wal } = await restart(machine)
    assert.equal(wal.endLsn, entries[1]!.lsn)
    const [again] = await write(machine, wal, 1, 1)
    assert.equal(wal.endLsn, entries[2]!.lsn)
    const { seen } = await restart(machine)
    assert.deepEqual(seen, [entries[0], again])
  })

  test('W7: a group in a file that never got its name is gone', async () => {
    const machine = simMachine()
    const wal = await machine.open()
    const entries = await write(machine, wal, 60)
    machine.disk.fault = operation => (operation === 'rename' ? 'EIO' : undefined)
    while (machine.failures.length === 0) {
      const payload = Buffer.alloc(200)
      wal.append(1, 16, payload, crc32c(payload))
      const { endLsn } = wal
      await machine.scheduler.settle(wal.flushed()).catch(() => {})
      if (wal.durableLsn === endLsn) entries.push({ lsn: endLsn - 232, stream: 1, kind: 16, payload })
    }
    assert.ok(machine.disk.paths().some(name => name.endsWith('.spare')))
    const { seen } = await restart(machine)
    assert.deepEqual(seen, entries)
    assert.ok(!machine.disk.paths().some(name => name.endsWith('.spare')))
  })

  test('W2: what only the cache had after a failed sync is on the disk before it is served', async () => {
    const machine = simMachine(3)
    const wal = await machine.open()
    machine.disk.fault = operation => (operation === 'datasync' ? 'EIO' : undefined)
    const payload = Buffer.alloc(3000, 1)
    const lsn = wal.append(1, 16, payload, crc32c(payload))
    await assert.rejects(machine.scheduler.settle(wal.flushed()), { code: 'wal.failed' })
    const { seen } = await restart(machine)
    assert.deepEqual(
      seen.map(entry => entry.lsn),
      [lsn],
    )
    machine.scheduler.clear()
    machine.disk.restart('power')
    const again = await machine.open()
    const slice = await again.read(lsn, 10_000)
    assert.deepEqual(entriesOf(slice)[0]!.payload, payload)
    slice.release()
  })

  test('a recycled file does not show what was in it', async () => {
    const { machine, entries } = await several()
    const { wal } = await restart(machine)
    await machine.scheduler.settle(wal.trim(entries.at(-1)!.lsn))
    assert.ok(machine.disk.paths().some(name => name.endsWith('.spare')))
    const more = await write(machine, wal, 90)
    assert.ok(!machine.disk.paths().some(name => name.endsWith('1.spare')))
    const { seen, wal: again } = await restart(machine)
    assert.deepEqual(
      seen,
      [...entries, ...more].filter(entry => entry.lsn >= again.startLsn),
    )
  })
})
