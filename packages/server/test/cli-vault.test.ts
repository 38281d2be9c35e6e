import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock, systemRandom } from '@chronicle/base'
import { startChronicle } from '@chronicle/testing'
import { openVault, parseVkey, passphraseSource } from '@chronicle/vault'
import { openVaultParts } from '../src/vault/open-vault.ts'
import { type CommandResult, runCommand } from './support/command-line.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-cli-vault-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const passphrase = 'correct horse battery staple'
const other = 'quite another secret'
/** Cheap to derive: what is tested is not how long it takes. */
const withPassphrase = ['vault', 'init', '--source', 'passphrase', '--kdf', 'pbkdf2-sha256']
const withFile = ['vault', 'init', '--source', 'file']

let made = 0
/** A fresh data directory, and commands on it. What they say must never hold a passphrase. */
function installation(): {
  dataDir: string
  run(args: readonly string[], env?: Record<string, string>): Promise<CommandResult>
} {
  const dataDir = join(scratch, `data-${made++}`)
  return {
    dataDir,
    async run(args, env = { CHRONICLE_PASSPHRASE: passphrase }) {
      const result = await runCommand([...args, '--data-dir', dataDir], {
        // As everywhere in the tests: the keychain of whoever runs them is left alone.
        env: { CHRONICLE_VAULT_KEY_SOURCE: 'file', ...env },
      })
      for (const secret of [passphrase, other]) {
        assert.ok(!`${result.stdout}${result.stderr}`.includes(secret), 'no secret in what is said')
      }
      return result
    },
  }
}

type Run = ReturnType<typeof installation>['run']

async function done(result: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await result
  assert.equal(code, 0, stderr)
  return stdout
}

async function keyOf(run: Run, purpose: string, env?: Record<string, string>): Promise<string> {
  const keys = JSON.parse(await done(run(['vault', 'keys', purpose, '--json'], env)))
  return keys.find((key: { state: string }) => key.state === 'current').id
}

async function sealedFile(run: Run, name = `file-${made++}`): Promise<string> {
  const path = join(scratch, name)
  writeFileSync(path, 'some text')
  await done(run(['seal', path]))
  return `${path}.sealed`
}

test('a key store is made once, and says where its master is without needing it', async () => {
  const { run, dataDir } = installation()
  const before = await run(['vault', 'status'])
  assert.equal(before.code, 1)
  assert.match(before.stderr, /There is no key store here yet[\s\S]*chronicle vault init/)
  assert.ok(!existsSync(dataDir), 'looking makes nothing')
  assert.match(
    await done(run(['vault', 'init', '--source', 'passphrase'])),
    /passphrase \(Argon2id, 64 MiB, 3 passes\)/,
  )
  const again = await run(['vault', 'init', '--source', 'file'])
  assert.equal(again.code, 1)
  assert.match(again.stderr, /There is a key store already/)
  const locked = await done(run(['vault', 'status'], {}))
  assert.match(locked, /passphrase \(Argon2id[\s\S]*generation 1[\s\S]*The master key is not at hand/)
  const status = JSON.parse(await done(run(['vault', 'status', '--json'])))
  assert.deepEqual([status.source, status.rootGeneration, status.purposes], ['passphrase', 1, []])
})

test('PBKDF2 and its iterations can be chosen, and less work than the least is refused', async () => {
  const { run } = installation()
  const pbkdf2 = [...withPassphrase, '--kdf-iterations']
  const few = await run([...pbkdf2, '99999'])
  assert.equal(few.code, 2)
  assert.match(few.stderr, /100000/)
  assert.match(await done(run([...pbkdf2, '120000'])), /PBKDF2-HMAC-SHA256, 120000 iterations/)
})

test('a wrong passphrase, none, and a lost key file are told apart', async () => {
  const { run } = installation()
  await done(run(withPassphrase))
  const wrong = await run(['vault', 'keys'], { CHRONICLE_PASSPHRASE: other })
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /does not open this key store/)
  const none = await run(['vault', 'keys'], {})
  assert.equal(none.code, 1)
  assert.match(none.stderr, /none was given[\s\S]*CHRONICLE_PASSPHRASE/)
  const file = installation()
  const path = join(scratch, 'master.bin')
  await done(file.run(['vault', 'init', '--source', 'file', '--key-file', path]))
  assert.equal(statSync(path).mode & 0o777, 0o600)
  rmSync(path)
  const lost = await file.run(['vault', 'keys'])
  assert.equal(lost.code, 1)
  assert.match(lost.stderr, /not where it was kept/)
  assert.ok(!existsSync(path), 'a lost key is never made anew')
})

test('nobody is asked where nobody answers: init without a passphrase is refused', async () => {
  const { run, dataDir } = installation()
  const refused = await run(['vault', 'init', '--source', 'passphrase'], {})
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /CHRONICLE_PASSPHRASE/)
  assert.equal(existsSync(join(dataDir, 'objects', 'vault', 'vault.json')), false)
})

test('a rotated purpose seals with a fresh key, and what the old one sealed still opens', async () => {
  const { run } = installation()
  await done(run(withFile))
  const sealed = await sealedFile(run)
  const first = await keyOf(run, 'file')
  const mistyped = await run(['vault', 'rotate', 'flie'])
  assert.equal(mistyped.code, 2)
  assert.match(mistyped.stderr, /did you mean +file/)
  assert.equal((await run(['vault', 'rotate'])).stdout, '', 'nothing is past its age')
  await done(run(['vault', 'rotate', '--all']))
  assert.notEqual(await keyOf(run, 'file'), first)
  assert.equal(await done(run(['open', sealed, '--stdout'])), 'some text')
  assert.match(await done(run(['vault', 'status'])), /^file +\S{36} +\d+ s +1 +0$/m)
})

test('a new master opens everything, the old one nothing; running it again is harmless', async () => {
  const { run, dataDir } = installation()
  await done(run(withPassphrase))
  const sealed = await sealedFile(run)
  const toFile = await done(run(['vault', 'rewrap', '--source', 'file']))
  assert.match(toFile, /Wrapped 1 key anew[\s\S]*key file[\s\S]*generation 2/)
  assert.equal(await done(run(['open', sealed, '--stdout'], {})), 'some text')
  const next = await done(run(['vault', 'rewrap', '--source', 'file'], {}))
  assert.match(next, /master\.key\.2/, 'the new key file takes the place of none')
  rmSync(join(dataDir, 'master.key'))
  const back = { CHRONICLE_NEW_PASSPHRASE: other }
  assert.match(await done(run(['vault', 'rewrap', '--source', 'passphrase'], back)), /generation 4/)
  assert.equal((await run(['open', sealed, '--stdout'])).code, 1)
  const now = { CHRONICLE_PASSPHRASE: other }
  assert.match(await done(run(['vault', 'rewrap'], now)), /generation 5/)
  assert.equal(await done(run(['open', sealed, '--stdout'], now)), 'some text')
  const none = await run(['vault', 'rewrap', '--source', 'passphrase'], now)
  assert.equal(none.code, 1)
  assert.match(none.stderr, /CHRONICLE_NEW_PASSPHRASE/)
})

/** Makes keys without a process for each. */
async function makeKeys(dataDir: string, count: number): Promise<void> {
  const effects = { clock: systemClock, random: systemRandom }
  const { storage, audit, close } = await openVaultParts(dataDir, effects)
  const sources = [passphraseSource({ passphrase: async () => passphrase })]
  const vault = await openVault({ storage, audit, sources, ...effects })
  for (let at = 0; at < count; at++) await vault.keyFor(`purpose-${at}`)
  vault.close()
  await close()
}

test('a rewrap that is killed leaves everything readable with one master, and completes when it runs again', async () => {
  const { run, dataDir } = installation()
  await done(run(withPassphrase))
  const sealed = await sealedFile(run)
  await makeKeys(dataDir, 60)
  const records = join(dataDir, 'objects', 'vault')
  const read = (name: string) => JSON.parse(readFileSync(join(records, name), 'utf8'))
  const program = new URL('../bin/chronicle.js', import.meta.url).pathname
  const rewrap = ['vault', 'rewrap', '--source', 'passphrase', '--kdf', 'pbkdf2-sha256']
  const env = { ...process.env, CHRONICLE_PASSPHRASE: passphrase, CHRONICLE_NEW_PASSPHRASE: other }
  const child = spawn(process.execPath, [program, ...rewrap, '--data-dir', dataDir], { env, stdio: 'ignore' })
  const closed = once(child, 'close')
  // Its first write is the one that changes the master; from then on it is in the middle.
  while (child.exitCode === null && read('vault.json').roots.length === 1) await new Promise(setImmediate)
  child.kill('SIGKILL')
  await closed
  assert.equal(read('vault.json').roots.length, 2, 'it was killed in the middle')
  const now = { CHRONICLE_PASSPHRASE: other }
  assert.equal(await done(run(['open', sealed, '--stdout'], now)), 'some text')
  assert.equal((await run(['open', sealed, '--stdout'])).code, 1)
  await done(run(rewrap, { ...now, CHRONICLE_NEW_PASSPHRASE: passphrase }))
  const [root, ...more] = read('vault.json').roots
  const generations = new Set(readdirSync(join(records, 'keys')).map(name => read(`keys/${name}`).rootGeneration))
  assert.deepEqual([more, [...generations]], [[], [root.generation]], 'every key is under the newest root')
  assert.equal(await done(run(['open', sealed, '--stdout'])), 'some text')
})

test('a destroyed key is asked for twice, and takes what it sealed with it for good', async () => {
  const { run } = installation()
  await done(run(withFile))
  const sealed = await sealedFile(run)
  const id = await keyOf(run, 'file')
  const unasked = await run(['vault', 'destroy', id])
  assert.equal(unasked.code, 2)
  assert.match(unasked.stderr, /every file that `chronicle seal` has sealed[\s\S]*--yes/)
  const stray = await run(['vault', 'destroy', id, '--yes', 'yes'])
  assert.equal(stray.code, 2)
  const unknown = await run(['vault', 'destroy', id, sealed, '--yes', id, '--yes', sealed])
  assert.equal(unknown.code, 2)
  assert.equal(await done(run(['open', sealed, '--stdout'])), 'some text', 'a mistyped id stops everything')
  await done(run(['vault', 'destroy', id, '--yes', id, '--reason', 'request 17']))
  const gone = await run(['open', sealed, '--stdout'])
  assert.equal(gone.code, 1)
  assert.match(gone.stderr, /was destroyed/)
  assert.match(await done(run(['vault', 'destroy', id, '--yes', id])), /destroyed already/)
  const audit = await done(run(['vault', 'audit']))
  assert.match(audit, /done +key\.destroyed .*request 17/)
  assert.match(audit, /refused +key\.destroyed .*not confirmed/)
  assert.match(await done(run(['vault', 'audit', '--verify'])), /✓ \d+ events in 1 file/)
})

test('the audit log shows when a line of it was taken out', async () => {
  const { run, dataDir } = installation()
  await done(run(withFile))
  await sealedFile(run)
  const path = join(dataDir, 'audit.log')
  const lines = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, lines.filter((_, at) => at !== 1).join('\n'))
  const { code, stdout } = await run(['vault', 'audit', '--verify'])
  assert.equal(code, 1)
  assert.match(stdout, /✗ .*line 2 names a line that does not stand before it/)
})

test('the public key comes in three forms, and without the master', async () => {
  const { run } = installation()
  await done(run(withFile))
  const vkey = (await done(run(['vault', 'export-public-key'], {}))).trim()
  const pem = await done(run(['vault', 'export-public-key', '--format', 'pem'], {}))
  const json = JSON.parse(await done(run(['vault', 'export-public-key', '--format', 'json'], {})))
  assert.ok(parseVkey(vkey).publicKey.equals(createPublicKey(pem)))
  assert.deepEqual([json.vkey, json.pem, json.origin], [vkey, pem.trim(), parseVkey(vkey).name])
  const named = { CHRONICLE_SESSIONS_ORIGIN: 'example.org/record' }
  assert.match(await done(run(['vault', 'export-public-key'], named)), /^example\.org\/record\+/)
})

test('every command works while a server runs on the same data', async () => {
  const { run, dataDir } = installation()
  const server = await startChronicle({ dataDir, env: { CHRONICLE_PASSPHRASE: passphrase } })
  try {
    if ((await run(['vault', 'status'], {})).code !== 0) await done(run(withPassphrase))
    const sealed = await sealedFile(run)
    await done(run(['vault', 'rotate', 'file']))
    await done(run(['vault', 'rewrap']))
    assert.equal(await done(run(['open', sealed, '--stdout'])), 'some text')
    assert.deepEqual(readdirSync(join(dataDir, 'objects', 'vault')).includes('vault.json'), true)
  } finally {
    await server.stop()
  }
})

/** Runs a command on a terminal; each answer is typed when its question is there. Resolves with what the terminal showed. */
async function onTerminal(args: readonly string[], answers: readonly (readonly [RegExp, string])[]): Promise<string> {
  const program = new URL('../bin/chronicle.js', import.meta.url).pathname
  const command = [process.execPath, program, ...args].map(word => `'${word}'`).join(' ')
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const left = [...answers]
  let [shown, seen] = ['', 0]
  child.stdout.on('data', piece => {
    shown += piece
    const [question, answer] = left[0] ?? []
    if (!question?.test(shown.slice(seen))) return
    left.shift()
    seen = shown.length
    child.stdin.write(`${answer}\n`)
  })
  await once(child, 'close')
  assert.deepEqual(left, [], shown)
  return shown
}

const hasScript = spawnSync('script', ['--version']).status === 0

test('S14: on a terminal passphrases are asked for and not shown, and a key is destroyed only when its purpose is typed', {
  skip: !hasScript,
}, async () => {
  const { run, dataDir } = installation()
  const data = ['--data-dir', dataDir]
  const twice = await onTerminal(
    [...withPassphrase, ...data],
    [
      [/New passphrase: /, other],
      [/again: /, passphrase],
    ],
  )
  assert.match(twice, /The two passphrases are not the same/)
  const made = await onTerminal(
    [...withPassphrase, ...data],
    [
      [/New passphrase: /, passphrase],
      [/again: /, passphrase],
    ],
  )
  assert.match(made, /Made the key store/)
  const sealed = await sealedFile(run)
  const id = await keyOf(run, 'file')
  const unlock = [/Passphrase of the key store: /, passphrase] as const
  const destroy = ['vault', 'destroy', id, ...data]
  assert.match(await onTerminal(destroy, [unlock, [/y\/N/, 'n']]), /Nothing was destroyed/)
  assert.match(await onTerminal(destroy, [unlock, [/y\/N/, 'y'], [/type it/, 'flie']]), /Nothing was destroyed/)
  assert.equal(await done(run(['open', sealed, '--stdout'])), 'some text')
  const last = await onTerminal(destroy, [unlock, [/y\/N/, 'y'], [/type it/, 'file']])
  assert.match(last, /Destroyed/)
  for (const shown of [twice, made, last]) assert.ok(!shown.includes(passphrase) && !shown.includes(other), 'no echo')
})

test('S14: the passphrase of an archive that a packer makes is asked for twice', {
  skip: !hasScript,
  timeout: 60_000,
}, async () => {
  const { dataDir } = installation()
  mkdirSync(dataDir, { recursive: true })
  const [config, base] = [join(dataDir, 'packer.toml'), join(dataDir, 'archive')]
  const settings = {
    'storage.base_path': base,
    'ring_buffer.path': join(dataDir, 'ring'),
    'ring_buffer.size': 65_536,
    'encryption.key_source': 'passphrase',
    'encryption.kdf': 'PBKDF2-SHA256',
    'logging.file_path': join(dataDir, 'packer.log'),
  }
  const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
  writeFileSync(config, lines.join(''))
  const pack = ['packer', '--config', config, 'process']
  const slip = await onTerminal(pack, [
    [/New passphrase: /, other],
    [/again: /, passphrase],
  ])
  assert.match(slip, /The two passphrases are not the same/)
  const made = await onTerminal(pack, [
    [/New passphrase: /, passphrase],
    [/again: /, passphrase],
  ])
  assert.match(made, /Packed:/)
  assert.match(await onTerminal(pack, [[/Passphrase of the key store: /, passphrase]]), /Packed:/)
})
