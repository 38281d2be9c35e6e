import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { argon2Sync, createSecretKey, pbkdf2Sync } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { keychainUsable, keyFileSource, passphraseSource, sessionKey } from '../src/index.ts'
import { type Keychain, keychainSource } from '../src/keys/keychain-source.ts'
import { argonPassesFor } from '../src/keys/passphrase-source.ts'
import { bench, coded, handClock } from './keys-support.ts'

const directory = await mkdtemp(join(tmpdir(), 'chronicle-sources-'))
after(() => rm(directory, { recursive: true }))

let files = 0
const place = () => join(directory, `${++files}.key`)

test('a key file holds 32 bytes that only its owner may read, and is made once', async () => {
  const path = place()
  const source = keyFileSource({ path })
  const { master, parameters } = await source.make()
  const bytes = await readFile(path)
  assert.equal(bytes.length, 32)
  assert.ok(createSecretKey(bytes).equals(master))
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.deepEqual(parameters, { path })
  assert.ok((await source.make()).master.equals(master), 'what an interrupted start left is taken')
  assert.ok((await source.open(parameters)).equals(master))
  assert.deepEqual(
    (await readdir(directory)).filter(name => name.endsWith('.new')),
    [],
  )
})

test('of many that make the same key file at once, all get the same key', async () => {
  const path = place()
  const made = await Promise.all(Array.from({ length: 8 }, () => keyFileSource({ path }).make()))
  for (const { master } of made) assert.ok(master.equals(made[0]!.master))
})

test('a key file that is exposed, cut, gone or moved is told apart', async () => {
  const path = place()
  const source = keyFileSource({ path })
  const { parameters, master } = await source.make()
  for (const mode of [0o640, 0o604, 0o660]) {
    await chmod(path, mode)
    await assert.rejects(source.open(parameters), coded('vault.key-file-exposed'))
  }
  await chmod(path, 0o600)
  await rename(path, `${path}.moved`)
  await assert.rejects(source.open(parameters), coded('vault.master-missing'))
  const moved = await keyFileSource({ path: `${path}.moved` }).open(parameters)
  assert.ok(moved.equals(master))
  for (const length of [0, 31, 33]) {
    await writeFile(path, Buffer.alloc(length), { mode: 0o600 })
    await assert.rejects(source.open(parameters), coded('vault.damaged'))
  }
})

test('Argon2id by default: 64 MiB, 3 passes, one lane; the cost stands in the key store', async () => {
  const { create, open } = bench()
  const source = passphraseSource({ passphrase: async () => 'correct horse' })
  const { master, parameters } = await source.make()
  const { salt, ...cost } = parameters
  assert.deepEqual(cost, { kdf: 'argon2id', memoryKiB: 65_536, passes: 3, lanes: 1 })
  const nonce = Buffer.from(`${salt}`, 'base64')
  const known = { message: 'correct horse', nonce, memory: 65_536, passes: 3, parallelism: 1, tagLength: 32 }
  assert.ok(createSecretKey(argon2Sync('argon2id', known)).equals(master))
  const vault = await create(source)
  assert.equal(vault.status.sourceDetail, 'Argon2id, 64 MiB, 3 passes')
  const wrong = passphraseSource({ passphrase: async () => 'correct horsf' })
  await assert.rejects(open(wrong), coded('vault.wrong-master'))
  await assert.rejects(open(passphraseSource({ passphrase: async () => '' })), coded('vault.no-passphrase'))
})

test('PBKDF2 where it is chosen, with its iterations; a vault opens however it was made', async () => {
  const { create, open } = bench()
  const kdf = { algorithm: 'pbkdf2-sha256', iterations: 100_000 } as const
  const source = passphraseSource({ passphrase: async () => 'caf\u00e9', kdf })
  const { master, parameters } = await source.make()
  const salt = Buffer.from(`${parameters.salt}`, 'base64')
  assert.ok(createSecretKey(pbkdf2Sync('caf\u00e9', salt, 100_000, 32, 'sha256')).equals(master))
  const key = await (await create(source)).keyFor('file')
  const decomposed = passphraseSource({ passphrase: async () => 'cafe\u0301' })
  assert.ok((await (await open(decomposed)).key(key.id)).secret.equals(key.secret))
})

test('iterations are a floor on the work of Argon2id, and never below 100,000', async () => {
  assert.deepEqual([100_000, 100_001, 200_000, 1_000_000].map(argonPassesFor), [3, 6, 6, 30])
  for (const iterations of [99_999, 0, -1, 1.5, Number.NaN]) {
    const kdf = { algorithm: 'argon2id', iterations } as const
    assert.throws(() => passphraseSource({ passphrase: async () => 'x', kdf }), coded('vault.invalid-argument'))
  }
})

test('a key store cannot ask for less work than we ever make, or for more than a machine bears', async () => {
  const source = passphraseSource({ passphrase: async () => 'x' })
  const salt = Buffer.alloc(16).toString('base64')
  const argon = { kdf: 'argon2id', salt, memoryKiB: 65_536, passes: 3, lanes: 1 }
  const refused: Record<string, string | number>[] = [
    { ...argon, memoryKiB: 1024 },
    { ...argon, memoryKiB: 2 ** 31 },
    { ...argon, passes: 1 },
    { ...argon, salt: '' },
    { ...argon, kdf: 'none' },
    { kdf: 'pbkdf2-sha256', salt, iterations: 1 },
    {},
  ]
  for (const parameters of refused) await assert.rejects(source.open(parameters), coded('vault.damaged'))
})

/** A keychain that holds what it is given, and may be locked or forget. */
class TestKeychain implements Keychain {
  readonly secrets = new Map<string, Uint8Array>()
  isUsable = true
  answers = true

  usable = async () => this.isUsable
  get = async (service: string, account: string) => {
    if (!this.answers) return new Promise<never>(() => undefined)
    const found = this.secrets.get(`${service} ${account}`)
    return found && Buffer.from(found)
  }
  set = async (service: string, account: string, secret: Uint8Array) => {
    this.secrets.set(`${service} ${account}`, Buffer.from(secret))
  }
}

test('VK9: a keychain without the master is an error and stays without one', async () => {
  const keychain = new TestKeychain()
  const { create, open } = bench()
  const source = keychainSource({ keychain, random: seededRandom(5) })
  const key = await (await create(source)).keyFor('file')
  assert.ok((await (await open(source)).key(key.id)).secret.equals(key.secret))
  assert.match([...keychain.secrets.keys()].join(), /^com\.chronicle\.packer master-[0-9a-f-]{36}$/)
  keychain.secrets.clear()
  await assert.rejects(open(source), coded('vault.master-missing'))
  assert.equal(keychain.secrets.size, 0)
  keychain.isUsable = false
  await assert.rejects(open(source), coded('vault.keychain-unavailable'))
  await assert.rejects(source.make(), coded('vault.keychain-unavailable'))
})

test('each new master in the keychain has an account of its own', async () => {
  const keychain = new TestKeychain()
  const source = keychainSource({ keychain, random: seededRandom(6) })
  const [a, b] = [await source.make(), await source.make()]
  assert.equal(keychain.secrets.size, 2)
  assert.ok(!a.master.equals(b.master))
  assert.ok((await source.open(a.parameters)).equals(a.master))
})

test('a keychain that does not answer is given up', async () => {
  const keychain = new TestKeychain()
  const after = (_delayMs: number, action: () => void) => {
    queueMicrotask(action)
    return { cancel: () => undefined }
  }
  const clock = { ...handClock(), after }
  const source = keychainSource({ keychain, clock, random: seededRandom(7) })
  keychain.answers = false
  await assert.rejects(source.open({ service: 's', account: 'a' }), coded('vault.keychain-unavailable'))
})

test('no session bus, a bus that is gone, and one that says nothing: the keychain is of no use', {
  skip: process.platform !== 'linux',
}, async () => {
  assert.equal(await keychainUsable('com.chronicle.test', { environment: {} }), false)
  assert.equal(await keychainUsable('com.chronicle.test', { environment: { XDG_RUNTIME_DIR: directory } }), false)
  const gone = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${directory}/none` }
  assert.equal(await keychainUsable('com.chronicle.test', { environment: gone }), false)
  const socket = join(directory, 'silent.sock')
  const silent = createServer(connection => void connection.on('error', () => undefined)).listen(socket)
  try {
    const environment = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` }
    assert.equal(await keychainUsable('com.chronicle.test', { environment, probeMs: 500 }), false)
  } finally {
    silent.close()
  }
})

test('a session bus without a secret service: the keychain is of no use', async context => {
  const address = `unix:path=${directory}/bus.sock`
  const daemon = spawn('dbus-daemon', ['--session', '--nofork', '--print-address', `--address=${address}`])
  const started = await new Promise<boolean>(resolve => {
    daemon.once('error', () => resolve(false))
    daemon.stdout.once('data', () => resolve(true))
    daemon.once('exit', () => resolve(false))
  })
  if (!started) return context.skip('no dbus-daemon on this machine')
  try {
    const environment = { DBUS_SESSION_BUS_ADDRESS: address }
    assert.equal(await keychainUsable('com.chronicle.test', { environment }), false)
  } finally {
    daemon.kill()
  }
})

test('a session key is PBKDF2-HMAC-SHA256 of the data key, bound to session and epoch', async () => {
  const bytes = Buffer.alloc(32, 7)
  const key = { id: 'an id', purpose: 'p', createdMs: 0, state: 'current', secret: createSecretKey(bytes) } as const
  const derived = await sessionKey(key, 'session-1', 1, 100_000)
  const known = pbkdf2Sync(bytes, 'chronicle session\0session-1\x001', 100_000, 32, 'sha256')
  assert.ok(derived.secret.equals(createSecretKey(known)))
  assert.deepEqual([derived.id, derived.epoch], ['an id', 1])
  assert.ok(!(await sessionKey(key, 'session-1', 2, 100_000)).secret.equals(derived.secret))
  assert.ok(!(await sessionKey(key, 'session-2', 1, 100_000)).secret.equals(derived.secret))
  assert.ok(key.secret.export().equals(bytes), 'the data key is as it was')
})

test('a session key is refused for epoch 0, too few iterations, and a session that could be taken for another', async () => {
  const key = {
    id: 'x',
    purpose: 'p',
    createdMs: 0,
    state: 'current',
    secret: createSecretKey(Buffer.alloc(32)),
  } as const
  const refused: [string, number, number][] = [
    ['s', 0, 100_000],
    ['s', 1.5, 100_000],
    ['s', 2 ** 32, 100_000],
    ['s', 1, 99_999],
    ['', 1, 100_000],
    ['s\x001', 1, 100_000],
  ]
  for (const [id, epoch, iterations] of refused)
    await assert.rejects(sessionKey(key, id, epoch, iterations), coded('vault.invalid-argument'))
})
