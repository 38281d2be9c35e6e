/** Witnesses cosign the checkpoints of finalised sessions: real servers, real witnesses, and the command that judges them from outside. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { answerTo, type ChronicleProcess, runChronicle, serveAddCheckpoint, startChronicle } from '@chronicle/testing'
import { Witness, type WitnessedTree } from '@chronicle/vault'
import { dataPaths } from '../src/process/data-directory.ts'
import { Api } from './support/api.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-witnesses-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const origin = 'example.com/chronicle'

/** What never comes is waited for in these tests. */
const limit = { timeout: 60_000 }

/** A data directory with a vault, and the verifier key of its log. */
async function makeVault(name: string): Promise<{ dataDir: string; vkey: string; keyFile: string }> {
  const dataDir = join(scratch, name)
  const env = { CHRONICLE_SESSIONS_ORIGIN: origin }
  const made = await runChronicle(['vault', 'init', '--data-dir', dataDir], { env })
  assert.equal(made.code, 0, made.stderr)
  const { stdout } = await runChronicle(['vault', 'export-public-key', '--data-dir', dataDir], { env })
  const keyFile = join(scratch, `${name}.vkey`)
  writeFileSync(keyFile, stdout)
  return { dataDir, vkey: stdout.trim(), keyFile }
}

type Mood = 'signs' | 'refuses' | 'is silent' | 'hangs up' | 'signs something else'

/** A witness that behaves as the test wants, at one address. */
async function witnessOf(t: TestContext, name: string, logKey: string) {
  const keys = () => generateKeyPairSync('ed25519').privateKey
  const witness = new Witness({ name, privateKey: keys(), logKeys: [logKey] })
  const impostor = new Witness({ name, privateKey: keys(), logKeys: [logKey] })
  const trees = new Map<string, WitnessedTree>()
  const state = { mood: 'signs' as Mood, asked: 0 }
  const { url, close } = await serveAddCheckpoint(async (request, response) => {
    state.asked++
    const body = Buffer.concat(await request.toArray())
    if (state.mood === 'is silent') return
    if (state.mood === 'hangs up') return void request.socket.destroy()
    if (state.mood === 'refuses') return void response.writeHead(403).end()
    const isTrue = state.mood === 'signs'
    const answer = answerTo(isTrue ? witness : impostor, isTrue ? trees : new Map(), body, 1_800_000_000)
    response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body)
  })
  t.after(close)
  return { name, vkey: witness.vkey, url, state }
}

type Moody = Awaited<ReturnType<typeof witnessOf>>

function environment(witnesses: readonly Moody[]): Record<string, string> {
  const list = witnesses.map(({ url, vkey }) => `${url} ${vkey}`).join(',')
  return { CHRONICLE_SESSIONS_ORIGIN: origin, CHRONICLE_SESSIONS_WITNESSES: list }
}

async function start(t: TestContext, dataDir: string, witnesses: readonly Moody[]): Promise<ChronicleProcess> {
  const server = await startChronicle({ dataDir, env: environment(witnesses) })
  t.after(() => server.stop())
  return server
}

async function postAndFinalize(api: Api, sessionId: string): Promise<void> {
  for (const index of [0, 1, 2]) assert.equal((await api.put(sessionId, index, `chunk ${index}`)).status, 201)
  await api.json(`/api/v1/sessions/${sessionId}/finalize`, { method: 'POST' })
}

const signers = (note: string): string[] => [...note.matchAll(/^— (\S+) /gm)].map(([, name]) => name!).sort()

/** The checkpoint of the session, once all of these have cosigned it. */
async function cosigned(api: Api, sessionId: string, ...names: string[]): Promise<void> {
  const wanted = [origin, ...names].sort().join()
  while (signers(await api.text(`/api/v1/sessions/${sessionId}/checkpoint`)).join() !== wanted) await moment()
}

const moment = () => new Promise(resolve => setTimeout(resolve, 20))

type Verdict = {
  readonly valid: boolean
  readonly checks: readonly { outcome: string; what: string; detail?: string }[]
}

/** What `chronicle verify` says of each proof, with nothing of ours but the keys. */
async function verdicts(proofs: readonly string[], keyFile: string, witnesses: readonly Moody[], quorum: number) {
  const directory = mkdtempSync(join(scratch, 'proofs-'))
  const files = proofs.map((_, at) => join(directory, `${at}.tlog-proof`))
  for (const [at, proof] of proofs.entries()) writeFileSync(files[at]!, proof)
  const trusted = ['--key', keyFile, ...witnesses.flatMap(({ vkey }) => ['--witness', vkey]), '--quorum', `${quorum}`]
  const nothing = ['--data-dir', join(scratch, 'nowhere')]
  const { code, stdout, stderr } = await runChronicle(['verify', ...files, ...trusted, ...nothing, '--json'])
  assert.notEqual(stdout, '', stderr)
  return { code, found: JSON.parse(stdout) as Verdict[], text: stdout }
}

test(
  'the proof of a chunk carries the cosignatures of two witnesses, and a stranger accepts it; one bit changed, and not',
  limit,
  async t => {
    const { dataDir, vkey, keyFile } = await makeVault('two')
    const witnesses = [await witnessOf(t, 'one.example', vkey), await witnessOf(t, 'two.example', vkey)]
    const server = await start(t, dataDir, witnesses)
    const api = new Api(server)
    await postAndFinalize(api, 'walk')
    await cosigned(api, 'walk', 'one.example', 'two.example')
    const stored = readFileSync(join(dataPaths(dataDir).objects, 'sessions/trees/walk/checkpoint')).toString('latin1')
    for (const name of ['one.example', 'two.example']) assert.ok(stored.includes(name), 'it is stored')
    const proof = await api.text('/api/v1/sessions/walk/chunks/1/proof')

    const accepted = await verdicts([proof], keyFile, witnesses, 2)
    assert.equal(accepted.code, 0, accepted.text)
    for (const { name } of witnesses) assert.match(accepted.text, new RegExp(`cosigned by ${name}`))

    const lines = proof.split('\n')
    const counting = lines.flatMap((line, at) => (line === '' ? [] : [at]))
    const changedOnce = counting.map(at => lines.with(at, changed(lines[at]!)).join('\n'))
    // What no longer begins as a proof is taken for a checkpoint, and is none.
    const refused = await verdicts(changedOnce, keyFile, witnesses, 2)
    assert.equal(refused.code, 1)
    assert.equal(refused.found.length, counting.length)
    for (const [at, { valid }] of refused.found.entries()) assert.equal(valid, false, `accepted:\n${changedOnce[at]}`)

    const withoutTwo = lines.filter(line => !line.startsWith('— two.example')).join('\n')
    const missing = await verdicts([withoutTwo], keyFile, witnesses, 2)
    assert.equal(missing.code, 1)
    assert.match(missing.text, /1 of 2 trusted witnesses cosigned, 2 needed/)
    assert.equal((await verdicts([withoutTwo], keyFile, witnesses, 1)).code, 0)
  },
)

/** The line with one bit changed in its last letter or digit that counts. */
function changed(line: string): string {
  const at = Math.max(0, line.replace(/[=\s]+$/, '').length - 3)
  return line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ 1) + line.slice(at + 1)
}

for (const mood of ['refuses', 'is silent', 'hangs up', 'signs something else'] as const) {
  test(
    `a witness that ${mood} holds up nobody, is seen in /health, and cosigns when it is well again (SE11)`,
    limit,
    async t => {
      const { dataDir, vkey } = await makeVault(mood.replaceAll(' ', '-'))
      const bad = await witnessOf(t, 'bad.example', vkey)
      const good = await witnessOf(t, 'good.example', vkey)
      bad.state.mood = mood
      const server = await start(t, dataDir, [bad, good])
      const api = new Api(server)
      await postAndFinalize(api, 'walk')
      // The other one's cosignature does not wait for this one.
      await cosigned(api, 'walk', 'good.example')
      if (mood !== 'is silent') {
        while ((await api.json('/health')).status !== 'warn') await moment()
        const { checks } = (await api.json('/health')) as { checks: { sessions: { reason: string } } }
        assert.match(checks.sessions.reason, /walk.*bad\.example/)
        const asked = bad.state.asked
        while (bad.state.asked === asked) await moment()
        bad.state.mood = 'signs'
        await cosigned(api, 'walk', 'bad.example', 'good.example')
        while ((await api.json('/health')).status !== 'pass') await moment()
      }
      await server.kill()

      const again = new Api(await start(t, dataDir, [bad, good]))
      bad.state.mood = 'signs'
      await cosigned(again, 'walk', 'bad.example', 'good.example')
      while (
        readdirSync(dataPaths(dataDir).objects, { recursive: true }).some(name => /pending.walk$/.test(`${name}`))
      ) {
        await moment()
      }
    },
  )
}
