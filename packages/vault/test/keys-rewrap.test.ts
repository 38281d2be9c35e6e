import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataKey, Vault } from '../src/index.ts'
import { decodeRecord, encodeRecord } from '../src/keys/record.ts'
import { bench, Crash, coded, collect, fixedSource, jitter, type MemoryKeyStorage } from './keys-support.ts'

async function withKeys(count: number): Promise<{ storage: MemoryKeyStorage; vault: Vault; keys: DataKey[] }> {
  const { storage, create } = bench()
  const vault = await create()
  const keys: DataKey[] = []
  for (let at = 0; at < count; at++) keys.push(await vault.keyFor(`session/${at}`))
  await vault.destroy(keys.pop()!.id, 'one is gone')
  return { storage, vault, keys }
}

async function assertReadable(vault: Vault, keys: readonly DataKey[]): Promise<void> {
  for (const { id, secret } of keys) assert.ok((await vault.key(id)).secret.equals(secret), id)
}

/** The number of the root that wraps each key record, and the roots that the vault has. */
function generations(storage: MemoryKeyStorage): { keys: Set<unknown>; roots: unknown[] } {
  const keys = new Set<unknown>()
  for (const [name, { bytes }] of storage.records) {
    const decoded = decodeRecord('chronicle-key', bytes)
    if (name.includes('keys/') && decoded.state === 'whole') keys.add(decoded.fields.rootGeneration)
  }
  const vault = decodeRecord('chronicle-vault', storage.records.get('vault.json')!.bytes)
  assert.ok(vault.state === 'whole')
  return { keys, roots: (vault.fields.roots as { generation: number }[]).map(({ generation }) => generation) }
}

test('a rewrap wraps every key under a fresh root, and only the new master opens the vault', async () => {
  const { storage, vault, keys } = await withKeys(5)
  const progress: [number, number][] = []
  const outcome = await vault.rewrap({
    source: fixedSource(2),
    onProgress: (done, total) => progress.push([done, total]),
  })
  assert.deepEqual(outcome, { keys: 4 })
  assert.deepEqual(progress, [
    [1, 4],
    [2, 4],
    [3, 4],
    [4, 4],
  ])
  assert.deepEqual(generations(storage), { keys: new Set([2]), roots: [2] })
  assert.equal(vault.status.rootGeneration, 2)
  const { open } = bench({ storage })
  await assert.rejects(open(fixedSource(1)), coded('vault.wrong-master'))
  await assertReadable(await open(fixedSource(2)), keys)
  await assertReadable(vault, keys)
})

test('a rewrap without a source keeps the master, and one that brings the same master is refused', async () => {
  const { storage, vault, keys } = await withKeys(3)
  await vault.rewrap({})
  await assert.rejects(vault.rewrap({ source: fixedSource(1) }), coded('vault.invalid-argument'))
  await assertReadable(await bench({ storage }).open(), keys)
})

test('VK6: a crash between any two writes of a rewrap leaves every key readable with the master that the status names; again completes it', async () => {
  const { storage: before, keys } = await withKeys(4)
  let ended = false
  for (let crashAfter = 0; !ended; crashAfter++) {
    const storage = before.copy()
    const first = bench({ storage, seed: crashAfter + 2 })
    const vault = await first.open()
    storage.writes = 0
    storage.crashAfter = crashAfter
    ended = await vault.rewrap({ source: fixedSource(2) }).then(
      () => true,
      error => {
        assert.ok(error instanceof Crash, `${error}`)
        return false
      },
    )
    storage.crashAfter = Number.POSITIVE_INFINITY
    const { open } = bench({ storage, seed: 1_000 + crashAfter })
    const decoded = decodeRecord('chronicle-vault', storage.records.get('vault.json')!.bytes)
    assert.ok(decoded.state === 'whole')
    const { parameters } = decoded.fields.source as { parameters: { path: string } }
    const present = fixedSource(Number(parameters.path.split('/').at(-1)))
    const after = await open(present)
    await assertReadable(after, keys)
    const fresh = await after.keyFor('made between')
    await after.rewrap({ source: fixedSource(2) }).catch(coded('vault.invalid-argument'))
    await assertReadable(await open(fixedSource(2)), [...keys, fresh])
    const { keys: wraps, roots } = generations(storage)
    assert.equal(roots.length, 1)
    assert.deepEqual(wraps, new Set(roots))
  }
})

for (const where of ['in the same vault', 'in a vault that is open elsewhere']) {
  test(`VK6: keys that are made during a rewrap, ${where}, are not lost`, async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { storage, keys } = await withKeys(3)
      const a = await bench({ storage, seed }).open()
      const b = where === 'in the same vault' ? a : await bench({ storage, seed: seed + 500 }).open()
      jitter(storage, seed)
      const making = Promise.all(Array.from({ length: 6 }, (_, n) => b.keyFor(`new/${n}`)))
      const [made] = await Promise.all([making, a.rewrap({})])
      const later = await b.keyFor('later')
      await assertReadable(await bench({ storage }).open(), [...keys, ...made, later])
    }
  })
}

test('VK6: of two rewraps at once at least one is completed, and no key is lost', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { storage, keys } = await withKeys(4)
    const vaults = [await bench({ storage, seed }).open(), await bench({ storage, seed: seed + 500 }).open()]
    jitter(storage, seed)
    const outcomes = await Promise.allSettled(vaults.map(vault => vault.rewrap({})))
    for (const outcome of outcomes) if (outcome.status === 'rejected') coded('vault.store-changed')(outcome.reason)
    assert.ok(
      outcomes.some(({ status }) => status === 'fulfilled'),
      `seed ${seed}`,
    )
    await assertReadable(await bench({ storage }).open(), keys)
  }
})

test('VK6: a vault that cannot follow to the new master says so, and makes nothing', async () => {
  const { storage } = await withKeys(2)
  const [a, b] = [await bench({ storage }).open(), await bench({ storage, seed: 9 }).open()]
  await a.rewrap({ source: fixedSource(2) })
  const before = (await collect(a.keys())).length
  await assert.rejects(b.keyFor('new'), coded('vault.wrong-master'))
  assert.equal((await collect(a.keys())).length, before)
})

test('VK6: a record that a process left under a root that is gone holds nothing up', async () => {
  const { storage, vault, keys } = await withKeys(3)
  const left = storage.records.get(`keys/${keys[0]!.id}.json`)!.bytes
  const id = '00000000-0000-4000-8000-000000000000'
  const decoded = decodeRecord('chronicle-key', left)
  assert.ok(decoded.state === 'whole')
  await vault.rewrap({})
  storage.plant(`keys/${id}.json`, encodeRecord('chronicle-key', 1, { ...decoded.fields, id }))
  assert.deepEqual(await vault.rewrap({}), { keys: 2 })
  await assert.rejects(vault.key(id), coded('vault.damaged'))
  await assertReadable(vault, keys)
})

test('VK2: wrapping never uses a salt twice', async () => {
  const { storage, vault } = await withKeys(20)
  await vault.rewrap({})
  await vault.rewrap({ source: fixedSource(3) })
  const wrappings = new Map<string, string>()
  for (const bytes of storage.history) {
    for (const [, text] of `${bytes}`.matchAll(/"wrapped": "([^"]+)/g)) {
      const wrapped = Buffer.from(text!, 'base64').toString('hex')
      const salt = wrapped.slice(0, 64)
      assert.equal(wrappings.get(salt) ?? wrapped, wrapped, 'one salt, one wrapping')
      wrappings.set(salt, wrapped)
    }
  }
  assert.ok(wrappings.size > 60)
})

test('a source that fails changes nothing', async () => {
  const { storage, vault, keys } = await withKeys(2)
  const failing = { ...fixedSource(2), make: () => Promise.reject(new Error('no keychain')) }
  await assert.rejects(vault.rewrap({ source: failing }), /no keychain/)
  assert.deepEqual(generations(storage).roots, [1])
  await assertReadable(await bench({ storage }).open(), keys)
})
