/** What every write-ahead log must do, over whatever it is kept: the contract of `Wal`, as tests. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { crc32c } from '@chronicle/base'
import type { ReplayVisitor, Wal, WalEvents } from '@chronicle/wal'
import { type ModelEntry, readFrom } from './wal-model.ts'

/** Opens a log where the one before was closed or let go of. Made small: a few hundred KiB must span several files. */
export type WalHandle = {
  open(replayFrom: number, onReplay: ReplayVisitor, events: WalEvents): Promise<Wal>
  /** Removes all traces. */
  dispose(): Promise<void> | void
}

export type WalFactory = () => Promise<WalHandle> | WalHandle

const noEvents: WalEvents = { onDurable() {}, onFailed() {} }

/** Declares the suite under `name`. */
export function walContract(name: string, factory: WalFactory): void {
  describe(`the contract of a write-ahead log: ${name}`, () => {
    let handle: WalHandle
    let wals: Wal[]
    const open = async (replayFrom = 0, onReplay: ReplayVisitor = () => {}, events = noEvents): Promise<Wal> => {
      const wal = await handle.open(replayFrom, onReplay, events)
      wals.push(wal)
      return wal
    }
    beforeEach(async () => {
      handle = await factory()
      wals = []
    })
    afterEach(async () => {
      for (const wal of wals) await wal.close()
      await handle.dispose()
    })

    test('a new log is empty', async () => {
      const wal = await open()
      assert.deepEqual([wal.startLsn, wal.durableLsn, wal.endLsn, wal.refusal], [0, 0, 0, undefined])
      assert.equal(wal.ready, true)
      await wal.flushed()
      await wal.whenReady()
      const slice = await wal.read(0, 1000)
      assert.equal(slice.start, slice.end)
      slice.release()
    })

    test('W1: an entry can be read once it is durable, and not before', async () => {
      const wal = await open()
      const entry = put(wal, 7, 16, Buffer.from('hello'))
      assert.equal(wal.durableLsn, entry.lsn)
      const before = await wal.read(entry.lsn, 1000)
      assert.equal(before.start, before.end)
      before.release()
      await wal.flushed()
      assert.equal(wal.durableLsn, wal.endLsn)
      assert.deepEqual(await readFrom(wal, entry.lsn, 10), [entry])
    })

    test('onDurable is told before those who wait', async () => {
      const order: string[] = []
      const wal = await open(0, () => {}, { onDurable: lsn => order.push(`durable ${lsn}`), onFailed() {} })
      put(wal, 1, 16, Buffer.alloc(10))
      const { endLsn } = wal
      await wal.flushed().then(() => order.push('flushed'))
      assert.deepEqual(order, [`durable ${endLsn}`, 'flushed'])
    })

    test('a group shares one promise', async () => {
      const wal = await open()
      put(wal, 1, 16, Buffer.alloc(10))
      const first = wal.flushed()
      put(wal, 2, 16, Buffer.alloc(10))
      assert.equal(wal.flushed(), first)
      await first
      assert.equal(wal.durableLsn, wal.endLsn)
    })

    test('the bytes are copied: the caller may use its buffer again', async () => {
      const wal = await open()
      const payload = Buffer.from('before')
      const lsn = wal.append(1, 16, payload, crc32c(payload))
      payload.fill(0)
      await wal.flushed()
      const [entry] = await readFrom(wal, lsn, 1)
      assert.equal(entry!.payload.toString(), 'before')
    })

    test('slices hold whole entries, one at least, and follow each other', async () => {
      const wal = await open()
      const entries = await fill(wal, 300)
      for (const bytesMax of [1, 33, 100, 5_000, 1_000_000]) {
        assert.deepEqual(await readFrom(wal, 0, entries.length, bytesMax), entries, `bytesMax ${bytesMax}`)
      }
      assert.deepEqual(await readFrom(wal, entries[200]!.lsn, 3), entries.slice(200, 203))
    })

    test('a slice stays as it is until it is released', async () => {
      const wal = await open()
      const [first] = await fill(wal, 1)
      const slice = await wal.read(first!.lsn, 1)
      const before = Buffer.from(slice.bytes.subarray(slice.start, slice.end))
      await fill(wal, 600)
      assert.deepEqual(slice.bytes.subarray(slice.start, slice.end), before)
      slice.release()
    })

    test('what was written is there when the log is opened again, in order', async () => {
      const first = await open()
      const entries = await fill(first, 200)
      await first.close()
      const seen: ModelEntry[] = []
      const second = await open(0, collect(seen))
      assert.deepEqual(seen, entries)
      entries.push(...(await fill(second, 50)))
      assert.deepEqual(await readFrom(second, 0, entries.length), entries)
    })

    test('replay begins where it is told to', async () => {
      const first = await open()
      const entries = await fill(first, 300)
      await first.close()
      const seen: ModelEntry[] = []
      await open(entries[222]!.lsn, collect(seen))
      assert.deepEqual(seen, entries.slice(222))
    })

    test('positions where no entry can be are refused', async () => {
      const wal = await open()
      const [first] = await fill(wal, 1)
      for (const lsn of [wal.endLsn + 8, 3, -8, Number.NaN]) {
        await assert.rejects(
          async () => wal.read(lsn, 100),
          (error: { code?: string }) => ['wal.invalid-position', 'wal.trimmed'].includes(error.code!),
        )
      }
      await assert.rejects(async () => wal.read(first!.lsn + 8, 100), { code: 'wal.invalid-position' })
    })

    test('entries out of range are refused and nothing is taken', async () => {
      const wal = await open()
      const append = (stream: number, kind: number) => () => wal.append(stream, kind, Buffer.alloc(0), 0)
      for (const stream of [-1, 2 ** 32, 1.5]) assert.throws(append(stream, 16), { code: 'wal.invalid-entry' })
      for (const kind of [-1, 15, 256, 16.5]) assert.throws(append(1, kind), { code: 'wal.invalid-entry' })
      assert.equal(wal.endLsn, 0)
    })

    test('trimming lets go of whole files below, and of nothing else', async () => {
      const wal = await open()
      const entries = await fill(wal, 600)
      const from = entries[400]!
      await wal.trim(from.lsn)
      assert.ok(wal.startLsn > 0 && wal.startLsn <= from.lsn, `start is ${wal.startLsn}`)
      assert.throws(() => wal.read(0, 100), { code: 'wal.trimmed' })
      assert.deepEqual(await readFrom(wal, from.lsn, 200), entries.slice(400))
      const { startLsn } = wal
      await wal.close()
      const seen: ModelEntry[] = []
      const again = await open(0, collect(seen))
      assert.equal(again.startLsn, startLsn)
      assert.deepEqual(
        seen,
        entries.filter(entry => entry.lsn >= startLsn),
      )
    })

    test('W9: a sealed log takes nothing any more, also when it is opened again, and stays readable', async () => {
      const wal = await open()
      const entry = put(wal, 1, 16, Buffer.from('last'))
      const sealed = wal.seal()
      assert.throws(() => put(wal, 1, 16, Buffer.alloc(0)), { code: 'wal.sealed' })
      await sealed
      await wal.seal()
      await wal.close()
      const again = await open()
      assert.equal((again.refusal as { code?: string } | undefined)?.code, 'wal.sealed')
      assert.throws(() => put(again, 1, 16, Buffer.alloc(0)), { code: 'wal.sealed' })
      assert.deepEqual(await readFrom(again, 0, 10), [entry])
      await again.seal()
    })

    test('closing flushes what was accepted, and closes', async () => {
      const wal = await open()
      const entry = put(wal, 1, 16, Buffer.from('on the way'))
      const flushed = wal.flushed()
      await wal.close()
      await flushed
      await wal.close()
      assert.throws(() => put(wal, 1, 16, Buffer.alloc(0)), { code: 'wal.closed' })
      assert.throws(() => wal.read(0, 100), { code: 'wal.closed' })
      const seen: ModelEntry[] = []
      await open(0, collect(seen))
      assert.deepEqual(seen, [entry])
    })
  })
}

function put(wal: Wal, stream: number, kind: number, payload: Buffer): ModelEntry {
  return { lsn: wal.append(stream, kind, payload, crc32c(payload)), stream, kind, payload }
}

/** Appends entries of many sizes, about 500 bytes on average, and waits for them. */
async function fill(wal: Wal, count: number): Promise<ModelEntry[]> {
  const entries: ModelEntry[] = []
  for (let index = 0; index < count; index++) {
    const payload = Buffer.alloc((index * 37) % 1001, index)
    await wal.whenReady()
    entries.push(put(wal, index % 5, 16 + (index % 3), payload))
    if (index % 7 === 0) await wal.flushed()
  }
  await wal.flushed()
  return entries
}

function collect(into: ModelEntry[]): ReplayVisitor {
  return (lsn, stream, kind, payload) => into.push({ lsn, stream, kind, payload: Buffer.from(payload) })
}
