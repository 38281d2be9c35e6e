import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '@chronicle/base'
import { type ModelEntry, readFrom } from '@chronicle/testing'
import { encodeFileHeader, fileHeaderBytes } from '../src/file-header.ts'
import { entryKind, entryNext, inspectWal, lostEntry, repairWal, type Wal } from '../src/index.ts'
import { directory, simMachine, smallLimits } from './support.ts'

type Machine = ReturnType<typeof simMachine>

const nameOf = (firstLsn: number): string => `${String(firstLsn).padStart(16, '0')}.wal`
const pathOf = (firstLsn: number): string => `${directory}/${nameOf(firstLsn)}`

/** A log of several files, closed in good order. */
async function closedLog(): Promise<{ machine: Machine; entries: ModelEntry[]; files: number[] }> {
  const machine = simMachine()
  const wal = await machine.open()
  const entries: ModelEntry[] = []
  for (let n = 0; n < 900; n++) {
    const payload = Buffer.alloc(200, n)
    entries.push({ lsn: wal.append(1, 16, payload, crc32c(payload)), stream: 1, kind: 16, payload })
    if (n % 5 === 0) await machine.scheduler.settle(wal.flushed())
  }
  await machine.scheduler.settle(wal.close())
  const files = machine.disk.paths().map(name => Number(name.slice(-20, -4)))
  assert.ok(files.length >= 4)
  return { machine, entries, files }
}

const inspect = ({ scheduler, disk }: Machine) => scheduler.settle(inspectWal(directory, disk))

/** Opens the log and gives what replay tells of; reads all of it as well. */
async function contents(machine: Machine): Promise<ModelEntry[]> {
  const seen: ModelEntry[] = []
  const wal = await machine.open({
    onReplay: (lsn, stream, kind, payload) => {
      if (kind !== lostEntry) seen.push({ lsn, stream, kind, payload: Buffer.from(payload) })
    },
  })
  assert.deepEqual(await machine.scheduler.settle(readFrom(wal, wal.startLsn, 10_000)), seen)
  await machine.scheduler.settle(wal.close())
  return seen
}

async function repaired(machine: Machine): Promise<readonly string[]> {
  await assert.rejects(contents(machine))
  const before = await inspect(machine)
  assert.ok(before.problems.length > 0)
  const done = await machine.scheduler.settle(repairWal(directory, machine.disk))
  assert.deepEqual((await inspect(machine)).problems, [])
  // Done is done: a power loss does not bring the damage back.
  machine.disk.restart('power')
  assert.deepEqual((await inspect(machine)).problems, [])
  return done
}

function change(machine: Machine, firstLsn: number, offset: number): void {
  machine.disk.corrupt(pathOf(firstLsn), bytes => {
    bytes[offset]! ^= 1
    return bytes
  })
}

test('a log in order has no problems, and looking changes nothing', async () => {
  const { machine, entries, files } = await closedLog()
  const before = machine.disk.paths().map(path => machine.disk.contents(path))
  const report = await inspect(machine)
  assert.deepEqual(report.problems, [])
  assert.equal(report.closed, true)
  assert.equal(report.sealed, false)
  assert.equal(report.tornBytes, 0)
  assert.equal(report.startLsn, 0)
  assert.ok(report.entries > entries.length)
  assert.deepEqual(
    report.files.map(file => file.firstLsn),
    files,
  )
  assert.deepEqual(await machine.scheduler.settle(repairWal(directory, machine.disk)), [])
  assert.deepEqual(
    machine.disk.paths().map(path => machine.disk.contents(path)),
    before,
  )
})

test('an empty directory is an empty log', async () => {
  const report = await inspect(simMachine())
  assert.deepEqual([report.files.length, report.problems.length, report.endLsn], [0, 0, 0])
})

test('a damaged entry is covered; all others keep their positions', async () => {
  const { machine, entries, files } = await closedLog()
  const victim = entries.find(entry => entry.lsn > files[1]!)!
  change(machine, files[1]!, fileHeaderBytes + victim.lsn - files[1]! + 100)
  const { problems } = await inspect(machine)
  assert.deepEqual(
    problems.map(({ file, offset, lsn, bytes }) => ({ file, offset, lsn, bytes })),
    [{ file: nameOf(files[1]!), offset: fileHeaderBytes + victim.lsn - files[1]!, lsn: victim.lsn, bytes: 232 }],
  )
  assert.equal((await repaired(machine)).length, 1)
  assert.deepEqual(
    await contents(machine),
    entries.filter(entry => entry !== victim),
  )
})

/** Reads once at `lsn`: where the slice begins, and the kinds in it. */
async function readAt(
  machine: Machine,
  wal: Wal,
  lsn: number,
  stream?: number,
): Promise<{ lsn: number; kinds: number[] }> {
  const slice = await machine.scheduler.settle((async () => wal.read(lsn, 100_000, stream))())
  const kinds: number[] = []
  for (let at = slice.start; at < slice.end; at = entryNext(slice.bytes, at)) kinds.push(entryKind(slice.bytes, at))
  slice.release()
  return { lsn: slice.lsn, kinds }
}

test('W11: a repaired loss is shown: to replay, in slices, and as a fact by inspection', async () => {
  const { machine, entries, files } = await closedLog()
  // Neighbours, so that the second one's place is inside of the loss; its header stays whole.
  const at = entries.findIndex(entry => entry.lsn > files[1]!)
  const [before, first, second, after] = entries.slice(at, at + 4) as [ModelEntry, ModelEntry, ModelEntry, ModelEntry]
  for (const { lsn } of [first, second]) change(machine, files[1]!, fileHeaderBytes + lsn - files[1]! + 100)
  for (const warmBytesMax of [0, 2 ** 40]) {
    const wal = await machine.open({ replayFrom: files[2]!, limits: { ...smallLimits, warmBytesMax } })
    await assert.rejects(readAt(machine, wal, second.lsn, 1), { code: 'wal.damaged' })
    machine.scheduler.clear()
    machine.disk.restart('kill')
  }
  await repaired(machine)

  const report = await inspect(machine)
  const offset = fileHeaderBytes + first.lsn - files[1]!
  assert.deepEqual(report.losses, [{ file: nameOf(files[1]!), offset, lsn: first.lsn, bytes: 464 }])
  for (const warmBytesMax of [0, 2 ** 40]) {
    const told: number[] = []
    // The place where replay begins may itself be lost.
    const wal = await machine.open({
      replayFrom: second.lsn,
      limits: { ...smallLimits, warmBytesMax },
      onReplay: (lsn, _stream, kind, payload) => told.push(lsn, kind, payload.length),
    })
    assert.deepEqual(told.slice(0, 6), [first.lsn, lostEntry, 0, after.lsn, 16, 200])
    assert.deepEqual((await readAt(machine, wal, before.lsn)).kinds.slice(0, 3), [16, lostEntry, 16])
    assert.deepEqual((await readAt(machine, wal, second.lsn, 1)).lsn, after.lsn)
    // What is no entry's place, and not lost either, stays an error.
    await assert.rejects(readAt(machine, wal, after.lsn + 8, 1), { code: 'wal.damaged' })
    await machine.scheduler.settle(wal.close())
  }
})

test('W11: a read goes on in the next file where the rest of one was lost', async () => {
  const { machine, entries, files } = await closedLog()
  machine.disk.corrupt(pathOf(files[1]!), bytes => bytes.subarray(0, fileHeaderBytes + 1000))
  await repaired(machine)
  const wal = await machine.open()
  const lost = entries.filter(({ lsn }) => lsn > files[1]! + 1000 && lsn < files[2]!)
  for (const { lsn } of [lost[0]!, lost[100]!, lost.at(-1)!]) {
    assert.equal((await readAt(machine, wal, lsn, 1)).lsn, files[2]!)
  }
  await machine.scheduler.settle(wal.close())
})

test('several stretches, in several files, the last one too', async () => {
  const { machine, entries, files } = await closedLog()
  const victims = new Set([3, 4, 150, 400, 890].map(index => entries[index]!))
  for (const victim of victims) {
    const file = files.filter(first => first <= victim.lsn).at(-1)!
    change(machine, file, fileHeaderBytes + victim.lsn - file + 3)
  }
  assert.equal((await repaired(machine)).length, 4)
  assert.deepEqual(
    await contents(machine),
    entries.filter(entry => !victims.has(entry)),
  )
})

test('a file cut short is filled up with pads', async () => {
  const { machine, entries, files } = await closedLog()
  machine.disk.corrupt(pathOf(files[1]!), bytes => bytes.subarray(0, fileHeaderBytes + 1000))
  await repaired(machine)
  const end = files[1]! + 1000
  assert.deepEqual(
    await contents(machine),
    entries.filter(entry => entry.lsn + 232 <= end || entry.lsn >= files[2]!),
  )
})

test('W4: a damaged header comes back from its copy, or from the other files', async () => {
  for (const [offsets, from] of [
    [[9], 'from its copy'],
    [[9, 2057], 'anew from the other files'],
  ] as const) {
    const { machine, entries, files } = await closedLog()
    const before = machine.disk.contents(pathOf(files[1]!))
    for (const offset of offsets) change(machine, files[1]!, offset)
    const [done] = await repaired(machine)
    assert.ok(done!.includes(from), done)
    if (from === 'from its copy') assert.deepEqual(machine.disk.contents(pathOf(files[1]!)), before)
    assert.deepEqual(await contents(machine), entries)
  }
})

test('the only file of a log comes back from its copy, and cannot without', async () => {
  const machine = simMachine()
  const wal = await machine.open()
  wal.append(1, 16, Buffer.from('alone'), crc32c(Buffer.from('alone')))
  await machine.scheduler.settle(wal.close())
  change(machine, 0, 9)
  await repaired(machine)
  assert.equal((await contents(machine)).length, 1)
  change(machine, 0, 9)
  change(machine, 0, 2057)
  assert.equal((await inspect(machine)).problems[0]!.repair, undefined)
  assert.deepEqual(await machine.scheduler.settle(repairWal(directory, machine.disk)), [])
})

test('W11: an end that is missing is a problem only to who knows of it, and is covered then', async () => {
  const { machine, entries, files } = await closedLog()
  const last = files.at(-1)!
  const provenLsn = entries.at(-2)!.lsn
  machine.disk.corrupt(pathOf(last), bytes => bytes.subarray(0, fileHeaderBytes + entries.at(-4)!.lsn - last + 40))
  assert.deepEqual((await inspect(machine)).problems, [])
  await assert.rejects(machine.open({ replayFrom: provenLsn }), { code: 'wal.damaged' })
  const { problems } = await machine.scheduler.settle(inspectWal(directory, machine.disk, provenLsn))
  assert.deepEqual(
    problems.map(({ lsn, bytes }) => ({ lsn, bytes })),
    [{ lsn: entries.at(-4)!.lsn, bytes: 464 }],
  )
  await machine.scheduler.settle(repairWal(directory, machine.disk, provenLsn))
  assert.deepEqual((await machine.scheduler.settle(inspectWal(directory, machine.disk, provenLsn))).problems, [])
  await machine.scheduler.settle((await machine.open({ replayFrom: provenLsn })).close())
  assert.deepEqual(await contents(machine), entries.slice(0, -4))
})

test('a missing file is made of pads', async () => {
  const { machine, entries, files } = await closedLog()
  machine.disk.plant(pathOf(files[1]!), undefined)
  const { problems } = await inspect(machine)
  assert.equal(problems[0]!.bytes, files[2]! - files[1]!)
  await repaired(machine)
  assert.deepEqual(
    await contents(machine),
    entries.filter(entry => entry.lsn < files[1]! || entry.lsn >= files[2]!),
  )
})

test('a file of another log is put aside, not deleted', async () => {
  const { machine, entries, files } = await closedLog()
  const foreign = encodeFileHeader({
    uuid: Buffer.alloc(16, 7),
    firstLsn: files[1]!,
    previousLsn: files[0]!,
    createdAt: 0,
  })
  machine.disk.corrupt(pathOf(files[1]!), () => foreign)
  await repaired(machine)
  assert.deepEqual(machine.disk.contents(`${pathOf(files[1]!)}.aside`), foreign)
  assert.deepEqual(
    await contents(machine),
    entries.filter(entry => entry.lsn < files[1]! || entry.lsn >= files[2]!),
  )
})

test('what a newer program wrote is left alone', async () => {
  const { machine, files } = await closedLog()
  machine.disk.corrupt(pathOf(files[1]!), bytes => {
    bytes.writeUInt16BE(2, 4)
    bytes.writeUInt32BE(crc32c(bytes.subarray(0, 60)), 60)
    return bytes
  })
  const { problems } = await inspect(machine)
  assert.equal(problems[0]!.repair, undefined)
  assert.deepEqual(await machine.scheduler.settle(repairWal(directory, machine.disk)), [])
})

test('a torn tail is no problem: it is shown, and left to the next start', async () => {
  const machine = simMachine()
  const wal = await machine.open()
  for (let n = 0; n < 3; n++) wal.append(1, 16, Buffer.alloc(200, 1), crc32c(Buffer.alloc(200, 1)))
  await machine.scheduler.settle(wal.flushed())
  machine.scheduler.clear()
  machine.disk.restart('kill')
  change(machine, 0, fileHeaderBytes + 232 + 50)
  const report = await inspect(machine)
  assert.deepEqual(report.problems, [])
  assert.equal(report.tornBytes, 464)
  assert.equal(report.endLsn, 232)
  assert.equal((await contents(machine)).length, 1)
})
