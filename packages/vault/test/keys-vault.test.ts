import assert from 'node:assert/strict'
import { createPublicKey, sign, verify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { keyFileSource, readVaultStatus } from '../src/index.ts'
import { bench, coded, collect, fixedSource } from './keys-support.ts'

test('a vault is made, used, closed and opened again, and its keys are the same', async () => {
  const { create, open } = bench()
  const made = await create()
  const key = await made.keyFor('archive/2026-11-21')
  assert.equal((await made.keyFor('archive/2026-11-21')).id, key.id)
  made.close()
  const opened = await open()
  assert.equal(opened.id, made.id)
  const again = await opened.key(key.id)
  assert.ok(again.secret.equals(key.secret))
  assert.equal((await opened.keyFor('archive/2026-11-21')).id, key.id)
  assert.notEqual((await opened.keyFor('archive/2026-11-22')).id, key.id)
  await assert.rejects(made.keyFor('x'), coded('vault.closed'))
})

test('there is one vault in a key store, and none is made by opening', async () => {
  const { create, open, storage } = bench()
  await assert.rejects(open(), coded('vault.not-initialised'))
  assert.equal(await readVaultStatus(storage), undefined)
  const vault = await create()
  await assert.rejects(create(), coded('vault.exists'))
  assert.deepEqual(await readVaultStatus(storage), vault.status)
})

test('a wrong master, and a source of another kind, are told apart', async () => {
  const { create, open, audit } = bench()
  await create()
  await assert.rejects(open(fixedSource(2)), coded('vault.wrong-master'))
  await assert.rejects(open(fixedSource(1, 'passphrase')), coded('vault.master-missing'))
  assert.deepEqual(audit.actions().slice(-2), ['vault.opened refused', 'vault.opened refused'])
})

test('the signing key is the same after a restart and after a rewrap, and its public half needs no master', async () => {
  const { create, open, storage } = bench()
  const vault = await create()
  const signature = sign(null, Buffer.from('a checkpoint'), await vault.signingKey())
  await vault.rewrap({ source: fixedSource(2) })
  const opened = await open(fixedSource(2))
  assert.ok((await opened.signingKey()).equals(await vault.signingKey()))
  const { signingPublicKey } = (await readVaultStatus(storage))!
  const x = Buffer.from(signingPublicKey, 'base64').toString('base64url')
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  assert.ok(verify(null, Buffer.from('a checkpoint'), publicKey, signature))
})

test('a key file opens what it made', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'chronicle-keys-'))
  try {
    const { create, open } = bench()
    const source = keyFileSource({ path: join(directory, 'deep', 'master.key') })
    const vault = await create(source)
    const key = await vault.keyFor('file')
    assert.ok((await (await open(source)).key(key.id)).secret.equals(key.secret))
    assert.equal(vault.status.sourceDetail, join(directory, 'deep', 'master.key'))
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('keys are listed with their state; destroyed ones stay in the list', async () => {
  const { create } = bench()
  const vault = await create()
  const [a, b] = [await vault.keyFor('topic/a'), await vault.keyFor('topic/b')]
  const newer = await vault.rotate('topic/a')
  await vault.destroy(b.id, 'asked for')
  const listed = await collect(vault.keys('topic/'))
  assert.deepEqual(Object.fromEntries(listed.map(({ id, state }) => [id, state])), {
    [a.id]: 'retired',
    [newer.id]: 'current',
    [b.id]: 'destroyed',
  })
  assert.deepEqual(await collect(vault.keys('archive/')), [])
  assert.equal((await vault.key(a.id)).state, 'retired')
})
