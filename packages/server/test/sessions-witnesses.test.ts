/** Witnesses cosign the checkpoints of finalised sessions: a real server, real witnesses, and the command that judges them from outside. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { answerTo, type ChronicleProcess, runChronicle, serveAddCheckpoint, startChronicle } from '@chronicle/testing'
import { Witness, type WitnessedTree } from '@chronicle/vault'
import { dataPaths } from '../src/process/data-directory.ts'
import { Api } from './support/api.ts'
import { runCommand } from './support/command-line.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-witnesses-'))
const dataDir = join(scratch, 'data')
const keyFile = join(scratch, 'key.vkey')
const origin = 'example.com/chronicle'

/** What never comes is waited for in these tests. */
const limit = { timeout: 60_000 }

let bad: Moody
let good: Moody
let server: ChronicleProcess
before(async () => {
  const logKey = await makeVault()
  bad = await witnessOf('bad.example', logKey)
  good = await witnessOf('good.example', logKey)
  server = await start()
})
after(async () => {
  await server.stop()
  await bad.close()
  await good.close()
  rmSync(scratch, { recursive: true, force: true })
})

/** Makes a vault in the data directory, and resolves with the verifier key of its log. */
async function makeVault(): Promise<string> {
  const env = { CHRONICLE_SESSIONS_ORIGIN: origin, CHRONICLE_VAULT_KEY_SOURCE: 'file' }
  const made = await runCommand(['vault', 'init', '--data-dir', dataDir], { env })
  assert.equal(made.code, 0, made.stderr)
  const { stdout } = await runCommand(['vault', 'export-public-key', '--data-dir', dataDir], { env })
  writeFileSync(keyFile, stdout)
  return stdout.trim()
}

type Mood = 'signs' | 'refuses' | 'is silent' | 'hangs up' | 'signs something else'

/** A witness that behaves as the test wants, at one address. */
async function witnessOf(name: string, logKey: string) {
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
  return { name, vkey: witness.vkey, url, state, close }
}

type Moody = Awaited<ReturnType<typeof witnessOf>>

function start(): Promise<ChronicleProcess> {
  const witnesses = [bad, good].map(({ url, vkey }) => `${url} ${vkey}`).join(',')
  return startChronicle({
    dataDir,
    env: { CHRONICLE_SESSIONS_ORIGIN: origin, CHRONICLE_SESSIONS_WITNESSES: witnesses },
  })
}

/** What the tests have finalised so far. */
const finalized: string[] = []

async function postAndFinalize(api: Api, sessionId: string): Promise<void> {
  for (const index of [0, 1, 2]) assert.equal((await api.put(sessionId, index, `chunk ${index}`)).status, 201)
  await api.json(`/api/v1/sessions/${sessionId}/finalize`, { method: 'POST' })
  finalized.push(sessionId)
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
async function verdicts(proofs: readonly string[], quorum: number, run: Run = runCommand) {
  const directory = mkdtempSync(join(scratch, 'proofs-'))
  const files = proofs.map((_, at) => join(directory, `${at}.tlog-proof`))
  for (const [at, proof] of proofs.entries()) writeFileSync(files[at]!, proof)
  const trusted = ['--key', keyFile, '--witness', bad.vkey, '--witness', good.vkey, '--quorum', `${quorum}`]
  const nothing = ['--data-dir', join(scratch, 'nowhere')]
  const { code, stdout, stderr } = await run(['verify', ...files, ...trusted, ...nothing, '--json'])
  assert.notEqual(stdout, '', stderr)
  return { code, found: JSON.parse(stdout) as Verdict[], text: stdout }
}

type Run = (args: readonly string[]) => Promise<{ code: number | null; stdout: string; stderr: string }>

test(
  'the proof of a chunk carries the cosignatures of two witnesses, and a stranger accepts it; one bit changed, and not',
  limit,
  async () => {
    const api = new Api(server)
    await postAndFinalize(api, 'walk')
    await cosigned(api, 'walk', 'bad.example', 'good.example')
    const stored = readFileSync(join(dataPaths(dataDir).objects, 'sessions/trees/walk/checkpoint')).toString('latin1')
    for (const { name } of [bad, good]) assert.ok(stored.includes(name), 'it is stored')
    const proof = await api.text('/api/v1/sessions/walk/chunks/1/proof')

    const accepted = await verdicts([proof], 2, runChronicle)
    assert.equal(accepted.code, 0, accepted.text)
    for (const { name } of [bad, good]) assert.match(accepted.text, new RegExp(`cosigned by ${name}`))

    const lines = proof.split('\n')
    const counting = lines.flatMap((line, at) => (line === '' ? [] : [at]))
    const changedOnce = counting.map(at => lines.with(at, changed(lines[at]!)).join('\n'))
    // What no longer begins as a proof is taken for a checkpoint, and is none.
    const refused = await verdicts(changedOnce, 2)
    assert.equal(refused.code, 1)
    assert.equal(refused.found.length, counting.length)
    for (const [at, { valid }] of refused.found.entries()) assert.equal(valid, false, `accepted:\n${changedOnce[at]}`)

    const withoutOne = lines.filter(line => !line.startsWith('— good.example')).join('\n')
    const missing = await verdicts([withoutOne], 2)
    assert.equal(missing.code, 1)
    assert.match(missing.text, /1 of 2 trusted witnesses cosigned, 2 needed/)
    assert.equal((await verdicts([withoutOne], 1)).code, 0)
  },
)

/** The line with one bit changed in its last letter or digit that counts. */
function changed(line: string): string {
  const at = Math.max(0, line.replace(/[=\s]+$/, '').length - 3)
  return line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ 1) + line.slice(at + 1)
}

for (const mood of ['refuses', 'hangs up', 'signs something else'] as const) {
  test(
    `a witness that ${mood} holds up nobody, is seen in /health, and cosigns when it is well again (SE11)`,
    limit,
    async () => {
      const api = new Api(server)
      const sessionId = mood.replaceAll(' ', '-')
      bad.state.mood = mood
      await postAndFinalize(api, sessionId)
      // The other one's cosignature does not wait for this one.
      await cosigned(api, sessionId, 'good.example')
      while ((await api.json('/health')).status !== 'warn') await moment()
      const { checks } = (await api.json('/health')) as { checks: { sessions: { reason: string } } }
      assert.match(checks.sessions.reason, new RegExp(`${sessionId}.*bad\\.example`))
      const asked = bad.state.asked
      while (bad.state.asked === asked) await moment()
      bad.state.mood = 'signs'
      await cosigned(api, sessionId, 'bad.example', 'good.example')
      while ((await api.json('/health')).status !== 'pass') await moment()
    },
  )
}

test(
  'a witness that is silent holds up nobody, and cosigns when it is well again, after a crash too; nothing is left to do (SE11)',
  limit,
  async () => {
    bad.state.mood = 'is silent'
    const api = new Api(server)
    await postAndFinalize(api, 'silent')
    await cosigned(api, 'silent', 'good.example')
    await server.kill()
    assert.ok(pendingSessions().some(name => name.endsWith('silent')))

    bad.state.mood = 'signs'
    server = await start()
    const again = new Api(server)
    for (const sessionId of finalized) await cosigned(again, sessionId, 'bad.example', 'good.example')
    while (pendingSessions().length > 0) await moment()
  },
)

function pendingSessions(): string[] {
  const names = readdirSync(dataPaths(dataDir).objects, { recursive: true, encoding: 'utf8' })
  return names.filter(name => /pending.[^/]+$/.test(name))
}
