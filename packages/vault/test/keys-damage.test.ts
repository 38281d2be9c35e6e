import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { keyFileSource, readVaultStatus, type Vault, vaultErrors } from '../src/index.ts'
import { decodeRecord, encodeRecord, type RecordFormat } from '../src/keys/record.ts'
import { copyName } from '../src/keys/record-pairs.ts'
import { bench, coded, collect, fixedSource, MemoryKeyStorage } from './keys-support.ts'

const goldenDirectory = new URL('./golden/keys-v1/', import.meta.url)
const masterPath = new URL('./golden/keys-v1.master.key', import.meta.url)
const source = () => fixedSource(readFileSync(masterPath))
const expected = JSON.parse(readFileSync(new URL('./golden/keys-v1.expected.json', import.meta.url), 'utf8'))

function readGolden(): MemoryKeyStorage {
  const storage = new MemoryKeyStorage()
  for (const entry of readdirSync(goldenDirectory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    storage.plant(path.slice(goldenDirectory.pathname.length), readFileSync(path))
  }
  return storage
}

const goldenStorage = readGolden()
const golden = () => goldenStorage.copy()

/** What the golden key store was made by. */
async function makeGolden(): Promise<{ storage: MemoryKeyStorage; expected: unknown }> {
  const { storage, clock, create } = bench({ seed: 4711 })
  const vault = await create(source())
  const retired = await vault.keyFor('topic/orders')
  clock.advance(1_000)
  const { id } = await vault.rotate('topic/orders')
  const current = await vault.keyFor('topic/orders')
  assert.equal(current.id, id)
  const destroyed = await vault.keyFor('session/1')
  clock.advance(1_000)
  await vault.destroy(destroyed.id, 'the session was deleted')
  const hex = (key: typeof current) => key.secret.export().toString('hex')
  const signing = (await vault.signingKey()).export({ format: 'jwk' }).d
  return {
    storage,
    expected: {
      signing,
      destroyed: destroyed.id,
      keys: { [retired.id]: hex(retired), [current.id]: hex(current) },
    },
  }
}

test('version 1 of the key store is written as it always was', async () => {
  const made = await makeGolden()
  const [was, is] = [golden(), made.storage].map(({ records }) =>
    Object.fromEntries([...records].map(([name, { bytes }]) => [name, Buffer.from(bytes).toString()]).sort()),
  )
  assert.deepEqual(is, was)
  assert.deepEqual(made.expected, expected)
})

test('version 1 of the key store is opened by its key file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'chronicle-golden-'))
  try {
    const path = join(directory, 'master.key')
    await copyFile(masterPath, path)
    await chmod(path, 0o600)
    await checkGolden(await bench({ storage: golden() }).open(keyFileSource({ path })))
  } finally {
    await rm(directory, { recursive: true })
  }
})

async function checkGolden(vault: Vault, record = 'vault.json'): Promise<void> {
  for (const [id, secret] of Object.entries(expected.keys))
    assert.equal((await vault.key(id)).secret.export().toString('hex'), secret)
  if (record === 'vault.json') assert.equal((await vault.signingKey()).export({ format: 'jwk' }).d, expected.signing)
  await assert.rejects(vault.key(expected.destroyed), coded('vault.key-destroyed'))
}

function flipped(bytes: Uint8Array, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at]! ^= 1 << (at % 8)
  return changed
}

const pairs = [...golden().records].filter(([name]) => !name.startsWith('backup/') && !name.startsWith('purposes/'))

test('VK4: any changed byte of either copy is made good from the other, and the keys are the same', async () => {
  for (const [first, { bytes }] of pairs) {
    for (const name of [first, copyName(first)]) {
      for (let at = 0; at < bytes.length; at++) {
        const { storage, audit, open } = bench({ storage: golden() })
        storage.plant(name, flipped(bytes, at))
        await checkGolden(await open(source()), first)
        assert.deepEqual(Buffer.from(storage.records.get(name)!.bytes), Buffer.from(bytes), `${name}, byte ${at}`)
        assert.ok(audit.actions().includes('record.repaired'))
      }
    }
  }
})

test('VK3: any byte that is changed in both copies is a typed error, never another key', async () => {
  for (const [name, { bytes }] of pairs) {
    for (let at = 0; at < bytes.length; at++) {
      const { storage, open } = bench({ storage: golden() })
      storage.plant(name, flipped(bytes, at))
      storage.plant(copyName(name), flipped(bytes, at))
      const outcome = checkGolden(await opened(open(source())), name)
      if (name.startsWith('destroyed/')) await outcome
      else await assert.rejects(outcome, coded('vault.damaged'), `${name}, byte ${at}`)
    }
  }
})

/** A vault all of whose answers are the error of its opening. */
async function opened(opening: Promise<Vault>): Promise<Vault> {
  return opening.catch(error => {
    const refuse = async () => {
      throw error
    }
    return { key: refuse, signingKey: refuse } as unknown as Vault
  })
}

test('a record that is cut short, empty or gone is made good from its copy', async () => {
  for (const [first, { bytes }] of pairs) {
    for (const name of [first, copyName(first)]) {
      for (const length of [undefined, 0, 1, bytes.length >> 1, bytes.length - 1]) {
        const { storage, open } = bench({ storage: golden() })
        if (length === undefined) storage.records.delete(name)
        else storage.plant(name, bytes.subarray(0, length))
        await checkGolden(await open(source()))
      }
    }
  }
})

test('any changed byte of a purpose record costs a fresh key and nothing else', async () => {
  const [name, { bytes }] = [...golden().records].find(
    ([, record]) => `${record.bytes}`.includes('topic/orders') && isPurpose(record.bytes),
  )!
  for (let at = 0; at < bytes.length; at++) {
    const { storage, open } = bench({ storage: golden(), seed: 99 })
    storage.plant(name, flipped(bytes, at))
    const vault = await open(source())
    const fresh = await vault.keyFor('topic/orders')
    assert.ok(!(fresh.id in expected.keys))
    assert.equal((await vault.keyFor('topic/orders')).id, fresh.id)
    await checkGolden(vault)
  }
})

function isPurpose(bytes: Uint8Array): boolean {
  return decodeRecord('chronicle-purpose', bytes).state === 'whole'
}

/** Somebody who can write to the store, and knows how checksums are made. */
function forge(storage: MemoryKeyStorage, name: string, format: RecordFormat, change: object): void {
  const decoded = decodeRecord(format, storage.records.get(name)!.bytes)
  assert.equal(decoded.state, 'whole')
  if (decoded.state !== 'whole') return
  const bytes = encodeRecord(format, decoded.revision, { ...decoded.fields, ...change })
  for (const copy of [name, copyName(name)]) storage.plant(copy, bytes)
}

test('VK3: a forged or swapped key record does not open', async () => {
  const [a, b] = Object.keys(expected.keys) as [string, string]
  const other = golden().records.get(`keys/${b}.json`)!.bytes
  const decoded = decodeRecord('chronicle-key', other)
  assert.ok(decoded.state === 'whole')
  const forgeries = [
    { purpose: 'session/1' },
    { createdMs: 0 },
    { vault: a },
    { id: b },
    { rootGeneration: 2 },
    { wrapped: decoded.fields.wrapped },
    { wrapped: '' },
    { ...decoded.fields, id: a },
    { ...decoded.fields },
  ]
  for (const forgery of forgeries) {
    const { storage, audit, open } = bench({ storage: golden() })
    forge(storage, `keys/${a}.json`, 'chronicle-key', forgery)
    const vault = await open(source())
    await assert.rejects(vault.key(a), coded('vault.damaged'))
    assert.equal(audit.actions().at(-1), 'key.opened refused')
    assert.equal((await vault.key(b)).id, b)
  }
})

test('VK3: a forged vault record does not open', async () => {
  const { id } = (await readVaultStatus(golden()))!
  const decoded = decodeRecord('chronicle-vault', golden().records.get('vault.json')!.bytes)
  assert.ok(decoded.state === 'whole')
  const signing = decoded.fields.signing as object
  const forgeries = [
    { id: id.replace(/^./, '0') },
    { createdMs: 1 },
    { source: { kind: 'file', parameters: { path: '/other' } } },
    { signing: { ...signing, publicKey: Buffer.alloc(32, 1).toString('base64') } },
    { roots: [] },
    { roots: [...(decoded.fields.roots as object[]), ...(decoded.fields.roots as object[])] },
  ]
  for (const forgery of forgeries) {
    const { storage, open } = bench({ storage: golden() })
    forge(storage, 'vault.json', 'chronicle-vault', forgery)
    await assert.rejects(open(source()), coded('vault.damaged'))
  }
})

test('what a newer version wrote is refused, and not written over', async () => {
  const { storage, open, create } = bench({ storage: golden() })
  const text = `${storage.records.get('vault.json')!.bytes}`.replace('"version": 1', '"version": 2')
  const { checksum: _, ...content } = JSON.parse(text)
  const checksum = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  const newer = `${JSON.stringify({ ...content, checksum }, null, 2)}\n`
  storage.plant('vault.json', Buffer.from(newer))
  await assert.rejects(open(source()), coded('vault.newer-version'))
  await assert.rejects(create(source()), coded('vault.exists'))
  assert.equal(`${storage.records.get('vault.json')!.bytes}`, newer)
})

test('a damaged record does not keep the others from being listed, rewrapped or destroyed', async () => {
  const { storage, open } = bench({ storage: golden() })
  const [a, b] = Object.keys(expected.keys) as [string, string]
  for (const name of [`keys/${a}.json`, `backup/keys/${a}.json`]) storage.plant(name, Buffer.from('{}'))
  const vault = await open(source())
  const seen: string[] = []
  await assert.rejects(async () => {
    for await (const { id } of vault.keys()) seen.push(id)
  }, coded('vault.damaged'))
  assert.deepEqual(seen, [b, expected.destroyed])
  await assert.rejects(vault.rewrap({}), coded('vault.damaged'))
  const status = decodeRecord('chronicle-vault', storage.records.get('vault.json')!.bytes)
  assert.ok(
    status.state === 'whole' && (status.fields.roots as object[]).length === 2,
    'the old root stays for a restored record',
  )
  storage.plant(`keys/${a}.json`, golden().records.get(`keys/${a}.json`)!.bytes)
  assert.equal((await vault.key(a)).secret.export().toString('hex'), expected.keys[a])
  for (const name of [`keys/${a}.json`, `backup/keys/${a}.json`]) storage.plant(name, Buffer.from('{}'))
  await vault.destroy(a, 'it is damaged')
  assert.deepEqual(await vault.rewrap({}), { keys: 1 })
  assert.equal((await collect(vault.keys())).length, 3)
  assert.ok(vaultErrors.is(await vault.key(a).catch((error: unknown) => error)))
})
