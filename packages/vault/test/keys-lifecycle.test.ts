import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { type DataKey, passphraseSource, sessionKey, type Vault, vaultErrors } from '../src/index.ts'
import { openKeysMax, recheckMs } from '../src/keys/key-ring.ts'
import { type Bench, bench, Crash, coded, collect, fixedSource, jitter } from './keys-support.ts'

const dayMs = 24 * 60 * 60 * 1000

test('VK7: a key that is 30 days old seals nothing new, and still opens', async () => {
  const { create, clock, audit } = bench()
  const vault = await create()
  const first = await vault.keyFor('file')
  clock.advance(30 * dayMs - 1)
  assert.equal((await vault.keyFor('file')).id, first.id)
  clock.advance(1)
  const second = await vault.keyFor('file')
  assert.notEqual(second.id, first.id)
  assert.ok((await vault.key(first.id)).secret.equals(first.secret))
  assert.equal((await vault.key(first.id)).state, 'retired')
  assert.ok(audit.events.some(({ action, details }) => action === 'key.rotated' && details.retired === first.id))
})

test('VK7: a clock that was set back makes no key older', async () => {
  const { create, clock } = bench({ maxAgeMs: dayMs })
  const vault = await create()
  const first = await vault.keyFor('file')
  clock.set(first.createdMs - 400 * dayMs)
  clock.advance(recheckMs)
  assert.equal((await vault.keyFor('file')).id, first.id)
})

test('VK7: a key is given out to seal with at most usesMax times, over all processes and restarts', async () => {
  for (const usesMax of [1, 3, 300]) {
    const first = bench({ usesMax })
    const vaults = [await first.create(), await bench({ storage: first.storage, usesMax, seed: 2 }).open()]
    const uses = new Map<string, number>()
    for (let at = 0; at < 600; at++) {
      if (at % 200 === 199) vaults[0] = await bench({ storage: first.storage, usesMax, seed: at }).open()
      const { id } = await vaults[at % 2]!.keyFor('file')
      uses.set(id, (uses.get(id) ?? 0) + 1)
    }
    assert.ok(Math.max(...uses.values()) <= usesMax, `${usesMax}`)
    assert.ok(uses.size <= Math.ceil(600 / usesMax) + 3, `${uses.size} keys for ${usesMax}`)
  }
})

test('VK7: however many ask at once, in however many processes, a purpose gets one key', async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const first = bench({ seed })
    const vaults = [await first.create(), await bench({ storage: first.storage, seed: seed + 99 }).open()]
    jitter(first.storage, seed)
    const keys = await Promise.all(Array.from({ length: 12 }, (_, at) => vaults[at % 2]!.keyFor('file')))
    assert.equal(new Set(keys.map(({ id }) => id)).size, 1, `seed ${seed}`)
    const listed = await collect(vaults[0]!.keys())
    assert.deepEqual(
      listed.filter(({ state }) => state === 'current').map(({ id }) => id),
      [keys[0]!.id],
    )
  }
})

test('rotations at once, in two processes, leave one current key, and all stay readable', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const first = bench({ seed })
    const vaults = [await first.create(), await bench({ storage: first.storage, seed: seed + 99 }).open()]
    jitter(first.storage, seed)
    const made = await Promise.all(Array.from({ length: 6 }, (_, at) => vaults[at % 2]!.rotate('file')))
    assert.equal(new Set(made.map(({ id }) => id)).size, 6)
    for (const { id } of made) assert.equal((await vaults[0]!.key(id)).id, id)
    const listed = await collect(vaults[1]!.keys())
    assert.equal(listed.filter(({ state }) => state === 'current').length, 1)
  }
})

test('VK5: a destroyed key is gone from the cache, the store and its copy at once, and destroying again changes nothing', async () => {
  const { create, storage, audit } = bench()
  const vault = await create()
  const { id } = await vault.keyFor('session/1')
  await vault.destroy(id, 'asked for by its owner')
  await assert.rejects(vault.key(id), coded('vault.key-destroyed'))
  assert.deepEqual(
    [...storage.records.keys()].filter(name => name.includes(`keys/${id}`)),
    [],
  )
  const events = audit.events.length
  await vault.destroy(id, 'again')
  assert.equal(audit.events.length, events)
  const line = audit.events.find(({ action }) => action === 'key.destroyed')
  assert.deepEqual(line?.details, { keyId: id, purpose: 'session/1', reason: 'asked for by its owner' })
  assert.notEqual((await vault.keyFor('session/1')).id, id, 'what is new gets a fresh key')
  await assert.rejects(vault.destroy('00000000-0000-4000-8000-000000000000', ''), coded('vault.key-not-found'))
  await assert.rejects(vault.destroy(id, 'x'.repeat(1_001)), coded('vault.invalid-argument'))
})

/** The process may end before it writes to the audit log as well. */
function auditInSteps({ audit, storage }: Bench): void {
  const record = audit.record.bind(audit)
  audit.record = async event => {
    storage.step()
    await record(event)
  }
}

test('VK5, VK8: a crash between any two writes of a destruction leaves the key whole, or destroyed for good and audited', async () => {
  const first = bench()
  const { id } = await (await first.create()).keyFor('session/1')
  let ended = false
  let outcomes = ''
  for (let crashAfter = 0; !ended; crashAfter++) {
    const storage = first.storage.copy()
    const before = bench({ storage })
    const vault = await before.open()
    auditInSteps(before)
    storage.writes = 0
    storage.crashAfter = crashAfter
    ended = await vault.destroy(id, 'asked for').then(
      () => true,
      () => false,
    )
    storage.crashAfter = Number.POSITIVE_INFINITY
    const after = bench({ storage })
    const again = await after.open()
    const readable = await again.key(id).then(
      () => true,
      error => !coded('vault.key-destroyed')(error),
    )
    outcomes += readable ? 'r' : 'd'
    const left = [...storage.records.keys()].some(name => name.includes(`keys/${id}`))
    assert.equal(left, readable, 'what is destroyed leaves no copy')
    const lines = [...before.audit.events, ...after.audit.events].filter(({ action }) => action === 'key.destroyed')
    assert.equal(lines.length > 0, !readable)
    await again.destroy(id, 'again')
    await assert.rejects(again.key(id), coded('vault.key-destroyed'))
  }
  assert.match(outcomes, /^r+d+$/)
})

test('VK5: a key that another process destroys is gone from this one within a minute', async () => {
  const { storage, create, clock } = bench()
  const vault = await create()
  const { id } = await vault.keyFor('session/1')
  await (await bench({ storage, seed: 3 }).open()).destroy(id, 'elsewhere')
  clock.advance(recheckMs)
  await assert.rejects(vault.key(id), coded('vault.key-destroyed'))
  assert.notEqual((await vault.keyFor('session/1')).id, id)
})

test('VK5: nothing that goes on at the same time brings a destroyed key back', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const first = bench({ seed })
    const vault = await first.create()
    const { id } = await vault.keyFor('session/1')
    // One copy is gone, so that whoever reads it repairs it.
    first.storage.records.delete(seed % 2 ? `keys/${id}.json` : `backup/keys/${id}.json`)
    const [a, b, c] = [2, 3, 4].map(n => bench({ storage: first.storage, seed: seed + n * 100 }))
    const vaults = [await a!.open(), await b!.open(), await c!.open()]
    jitter(first.storage, seed)
    await Promise.all([
      vaults[0]!.destroy(id, 'asked for'),
      vaults[1]!.rewrap({}),
      vaults[2]!.key(id).catch(coded('vault.key-destroyed')),
    ])
    assert.deepEqual(
      [...first.storage.records.keys()].filter(name => name.includes(`keys/${id}`)),
      [],
      `seed ${seed}`,
    )
    await assert.rejects((await bench({ storage: first.storage }).open()).key(id), coded('vault.key-destroyed'))
  }
})

test('VK8: what is refused, opened or made stands in the audit log before anybody gets the key', async () => {
  const { create, open, audit, storage } = bench()
  const vault = await create()
  const { id } = await vault.keyFor('file')
  await vault.rotate('file')
  await assert.rejects(vault.key('00000000-0000-4000-8000-000000000000'), coded('vault.key-not-found'))
  await (await open()).key(id)
  await vault.signingKey()
  assert.deepEqual(audit.actions(), [
    'vault.created',
    'key.created',
    'key.created',
    'key.rotated',
    'key.opened refused',
    'vault.opened',
    'key.opened',
    'signing-key.opened',
  ])
  const failing = bench({ storage, seed: 8 })
  const opened = await failing.open()
  failing.audit.record = () => Promise.reject(vaultErrors.create('vault.audit-failed'))
  await assert.rejects(opened.key(id), coded('vault.audit-failed'))
  await assert.rejects(opened.keyFor('new'), coded('vault.audit-failed'))
  await assert.rejects(opened.signingKey(), coded('vault.audit-failed'))
})

test('at most 1,000 keys are held open; the rest is read again', async () => {
  const { create, storage } = bench()
  const vault = await create()
  const ids: string[] = []
  for (let at = 0; at < openKeysMax + 5; at++) ids.push((await vault.keyFor(`session/${at}`)).id)
  let reads = 0
  storage.pause = async () => void reads++
  await vault.key(ids.at(-1)!)
  assert.equal(reads, 0)
  await vault.key(ids[0]!)
  assert.ok(reads > 0)
})

test('arguments that are not accepted are refused', async () => {
  const { create, open } = bench()
  const vault = await create()
  for (const purpose of ['', 'x'.repeat(1_001), '\ud800'])
    await assert.rejects(vault.keyFor(purpose), coded('vault.invalid-argument'))
  for (const id of ['', '../vault', 'A'.repeat(36)])
    await assert.rejects(vault.key(id), coded('vault.invalid-argument'))
  for (const limits of [{ maxAgeMs: 0 }, { usesMax: 1.5 }, { usesMax: -1 }])
    await assert.rejects(bench(limits).create(), coded('vault.invalid-argument'))
  await open()
})

/** In the forms that a secret might slip out in. */
function formsOf(secret: Buffer): string[] {
  const hex = secret.toString('hex')
  return [
    hex,
    hex.toUpperCase(),
    secret.toString('base64').slice(0, 40),
    secret.toString('base64url').slice(0, 40),
    secret.toString('latin1'),
  ]
}

test('VK1: no secret stands in what is printed, thrown, audited or stored', async () => {
  const master = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7 + 1))
  const { storage, audit, open, create } = bench()
  const said: string[] = []
  const hear = async (promise: Promise<unknown>) => {
    const value = await promise.catch((error: unknown) => error)
    said.push(inspect(value, { depth: 9, showHidden: true }), JSON.stringify(value) ?? '', `${value}`)
    if (value instanceof Error) said.push(`${value.stack} ${inspect(value.cause)} ${JSON.stringify({ ...value })}`)
    return value
  }
  const source = fixedSource(master)
  const vault = (await hear(create(source))) as Vault
  const key = (await hear(vault.keyFor('file'))) as DataKey
  const session = await sessionKey(key, 's', 1, 100_000)
  await hear(Promise.resolve(session))
  const signing = await vault.signingKey()
  const passphrase = 'a passphrase nobody guesses'
  await hear(vault.rewrap({ source: passphraseSource({ passphrase: async () => passphrase }) }))
  await hear(open(passphraseSource({ passphrase: async () => `${passphrase}!` })))
  await hear(open(source))
  storage.plant(`keys/${key.id}.json`, Buffer.from('x'))
  storage.plant(`backup/keys/${key.id}.json`, Buffer.from('y'))
  const again = (await hear(open(passphraseSource({ passphrase: async () => passphrase })))) as Vault
  await hear(again.key(key.id))
  await hear(again.key('no id'))
  await hear(again.destroy(key.id, 'damaged'))
  await hear(again.key(key.id))
  said.push(JSON.stringify(audit.events), ...storage.history.map(bytes => Buffer.from(bytes).toString('latin1')))
  const seed = Buffer.from(signing.export({ format: 'jwk' }).d!, 'base64url')
  const secrets = [master, key.secret.export(), session.secret.export(), seed, Buffer.from(passphrase)]
  const everything = said.join('\n')
  for (const secret of secrets) for (const form of formsOf(secret)) assert.ok(!everything.includes(form))
})

test('property: whatever is rotated, destroyed, rewrapped, reopened and broken off, every key that was not destroyed is readable and the same', async () => {
  const purpose = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom('use', 'rotate'), purpose }),
    fc.record({ do: fc.constant('destroy' as const), which: fc.nat() }),
    fc.record({ do: fc.constant('rewrap' as const), crashAfter: fc.option(fc.nat(20)) }),
    fc.record({ do: fc.constant('reopen' as const) }),
    fc.record({ do: fc.constant('age' as const) }),
  )
  const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
    const { storage, clock, create, open } = bench()
    let vault = await create()
    const alive = new Map<string, DataKey>()
    const destroyed = new Set<string>()
    for (const taken of steps) {
      if (taken.do === 'use') await vault.keyFor(taken.purpose).then(key => alive.set(key.id, key))
      if (taken.do === 'rotate')
        await vault.rotate(taken.purpose).then(async ({ id }) => alive.set(id, await vault.key(id)))
      if (taken.do === 'age') clock.advance(31 * dayMs)
      if (taken.do === 'reopen') vault = await open()
      if (taken.do === 'destroy' && alive.size > 0) {
        const id = [...alive.keys()][taken.which % alive.size]!
        await vault.destroy(id, 'a step')
        alive.delete(id)
        destroyed.add(id)
      }
      if (taken.do !== 'rewrap') continue
      storage.writes = 0
      storage.crashAfter = taken.crashAfter ?? Number.POSITIVE_INFINITY
      const outcome = await vault.rewrap({}).catch((error: unknown) => error)
      storage.crashAfter = Number.POSITIVE_INFINITY
      if (outcome instanceof Crash) vault = await open()
      else assert.ok(!(outcome instanceof Error), `${outcome}`)
    }
    const last = await open()
    for (const [id, { secret, purpose: wanted }] of alive) {
      const key = await last.key(id)
      assert.ok(key.secret.equals(secret) && key.purpose === wanted)
    }
    for (const id of destroyed) await assert.rejects(last.key(id), coded('vault.key-destroyed'))
    const states = new Map((await collect(last.keys())).map(({ id, state }) => [id, state]))
    for (const id of alive.keys()) assert.notEqual(states.get(id), 'destroyed')
    for (const id of destroyed) assert.equal(states.get(id), 'destroyed')
  })
  await fc.assert(property, { numRuns: 60 })
})
