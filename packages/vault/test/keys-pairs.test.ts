import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeRecord, encodeRecord } from '../src/keys/record.ts'
import { copyName, fieldsOf, RecordPairs } from '../src/keys/record-pairs.ts'
import { coded, MemoryAudit, MemoryKeyStorage } from './keys-support.ts'

const name = 'keys/x.json'
const format = 'chronicle-key'

function revisionOf(storage: MemoryKeyStorage, which: string): number | undefined {
  const decoded = decodeRecord(format, storage.records.get(which)!.bytes)
  return decoded.state === 'whole' ? decoded.revision : undefined
}

test('VK4: of two copies the later revision holds, whichever it is, and the other follows', async () => {
  for (const later of [name, copyName(name)]) {
    const storage = new MemoryKeyStorage()
    const pairs = new RecordPairs(storage, new MemoryAudit())
    for (const which of [name, copyName(name)]) {
      const revision = which === later ? 3 : 2
      storage.plant(which, encodeRecord(format, revision, { revised: revision }))
    }
    const pair = await pairs.look(format, name)
    assert.deepEqual(pair.fields, { revised: 3 })
    await pairs.repair(format, pair)
    assert.deepEqual([revisionOf(storage, name), revisionOf(storage, copyName(name))], [3, 3])
  }
})

test('VK4: a writer whose copy comes late does not put an older revision over a newer one', async () => {
  const storage = new MemoryKeyStorage()
  const pairs = new RecordPairs(storage, new MemoryAudit())
  const first = await pairs.write(format, name, { at: 1 }, undefined)
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  storage.pause = async (_, which) => {
    if (which !== copyName(name)) return
    storage.pause = async () => undefined
    reach()
    await released
  }
  const slow = pairs.write(format, name, { at: 2 }, first)
  await reached
  await pairs.write(format, name, { at: 3 }, await pairs.look(format, name))
  release()
  await slow
  assert.deepEqual([revisionOf(storage, name), revisionOf(storage, copyName(name))], [3, 3])
})

test('a write over what is not there any more is refused before anything is written', async () => {
  const storage = new MemoryKeyStorage()
  const pairs = new RecordPairs(storage, new MemoryAudit())
  const first = await pairs.write(format, name, { at: 1 }, undefined)
  await pairs.write(format, name, { at: 2 }, first)
  await assert.rejects(pairs.write(format, name, { at: 3 }, first), coded('vault.store-changed'))
  await assert.rejects(pairs.write(format, name, { at: 3 }, undefined), coded('vault.store-changed'))
  assert.deepEqual((await pairs.look(format, name)).fields, { at: 2 })
})

test('a repair that meets another writer lets it be, and each repair is audited', async () => {
  const storage = new MemoryKeyStorage()
  const audit = new MemoryAudit()
  const pairs = new RecordPairs(storage, audit)
  await pairs.write(format, name, { at: 1 }, undefined)
  storage.plant(name, Buffer.from('damaged'))
  const pair = await pairs.look(format, name)
  storage.plant(name, encodeRecord(format, 7, { at: 7 }))
  await pairs.repair(format, pair)
  assert.equal(revisionOf(storage, name), 7)
  assert.deepEqual(audit.events, [])
  await pairs.repair(format, await pairs.look(format, name))
  assert.deepEqual(audit.events, [
    { action: 'record.repaired', outcome: 'done', details: { record: copyName(name), found: 'behind' } },
  ])
})

test('damage to both copies, and a copy that a newer version wrote, are told apart', async () => {
  const storage = new MemoryKeyStorage()
  const pairs = new RecordPairs(storage, new MemoryAudit())
  assert.equal(fieldsOf(await pairs.look(format, name), name), undefined)
  storage.plant(name, Buffer.from('damaged'))
  assert.equal((await pairs.look(format, name)).verdict, 'damaged')
  assert.throws(
    () => fieldsOf({ verdict: 'newer', revision: 0, version: undefined, absent: false }, name),
    coded('vault.newer-version'),
  )
})
