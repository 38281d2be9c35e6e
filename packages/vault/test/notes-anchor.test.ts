import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { systemClock } from '@chronicle/base'
import { type RunningWitness, serveAddCheckpoint, startWitness } from '@chronicle/testing'
import { consistencyProof, treeRoot } from '../src/merkle/index.ts'
import { formatCheckpoint } from '../src/notes/checkpoint.ts'
import { cosign } from '../src/notes/cosignature.ts'
import { addSignatures, ed25519Signer, signNote } from '../src/notes/note.ts'
import { verifyCheckpoint } from '../src/notes/verify-proof.ts'
import { formatVkey } from '../src/notes/vkey.ts'
import { witnessAnchor } from '../src/notes/witness-anchor.ts'
import { endlessTree, keyNamed, refusal, someHash } from './notes-support.ts'

const origin = 'log.example/sessions/one'
const log = ed25519Signer('log.example', keyNamed('log'))
const w1Vkey = formatVkey('w1.example', keyNamed('w1.example'), 'cosignature')

async function checkpointOf(size: number, signer = log): Promise<string> {
  return signNote(formatCheckpoint({ origin, size, root: await treeRoot(size, endlessTree) }), [signer])
}

const consistencyTo = (size: number) => (from: number) => consistencyProof(from, size, endlessTree)

function anchorAt(url: string, vkey = w1Vkey, timeoutMs = 20_000) {
  return witnessAnchor({ url, vkey, fetch, clock: systemClock, timeoutMs })
}

/** An anchor whose witness answers with what `respond` writes. */
async function anchored(respond: (response: ServerResponse) => void, options: { timeoutMs?: number } = {}) {
  let requests = 0
  const server = await serveAddCheckpoint(async (request, response) => {
    requests++
    for await (const _ of request);
    respond(response)
  })
  try {
    const lines = await anchorAt(server.url, w1Vkey, options.timeoutMs).anchor(await checkpointOf(7), consistencyTo(7))
    return { lines, requests }
  } finally {
    await server.close()
  }
}

/** Writes for as long as somebody reads. */
function endlessly(response: ServerResponse): void {
  const more = () => {
    while (response.write('x'.repeat(16_384)));
  }
  response.on('drain', more)
  more()
}

test('two witnesses cosign a tree that grows, and a verifier who wants both is satisfied', async () => {
  const servers: RunningWitness[] = []
  try {
    for (const name of ['w1.example', 'w2.example'])
      servers.push(await startWitness({ name, privateKey: keyNamed(name), logKeys: [log.vkey] }))
    for (const size of [1, 5, 5, 7, 300]) {
      let note = await checkpointOf(size)
      for (const { url, vkey } of servers)
        note = addSignatures(note, await anchorAt(url, vkey).anchor(note, consistencyTo(size)))
      const witnessKeys = servers.map(({ vkey }) => vkey)
      const verified = verifyCheckpoint(note, { logKeys: [log.vkey], witnessKeys })
      assert.deepEqual([verified.size, verified.witnesses.length], [size, 2])
      assert.equal(servers[0]!.trees.get(origin)?.size, size)
    }
  } finally {
    for (const server of servers) await server.close()
  }
})

test('what a witness refuses is told with its name and status', async () => {
  const server = await startWitness({ name: 'w1.example', privateKey: keyNamed('w1.example'), logKeys: [log.vkey] })
  const refuses = async (note: string, size: number, status: number, problem: RegExp) => {
    const refused = anchorAt(server.url).anchor(note, consistencyTo(size))
    await assert.rejects(refused, error => {
      assert.ok(refusal('vault.witness-refused', problem)(error))
      assert.match(String(error), new RegExp(`witness: w1\\.example.*status: ${status}`))
      return true
    })
  }
  try {
    await refuses(await checkpointOf(7, ed25519Signer('log.example', keyNamed('mallory'))), 7, 403, /knows no key/)
    const elsewhere = signNote(formatCheckpoint({ origin: 'other.example', size: 1, root: someHash(1) }), [log])
    await refuses(elsewhere, 1, 404, /does not know this log/)
    await anchorAt(server.url).anchor(await checkpointOf(7), consistencyTo(7))
    const forked = signNote(formatCheckpoint({ origin, size: 9, root: someHash(1) }), [log])
    await refuses(forked, 9, 422, /does not follow/)
    await refuses(await checkpointOf(6), 6, 409, /knows a larger tree/)
  } finally {
    await server.close()
  }
})

test('VN6 only cosignatures by the key of the witness come back, each verified', async () => {
  const note = await checkpointOf(7)
  const text = note.slice(0, note.indexOf('\n\n') + 1)
  const good = cosign('w1.example', keyNamed('w1.example'), text, 1)
  const foreign = cosign('other.example', keyNamed('other'), text, 1)
  const otherKey = cosign('w1.example', keyNamed('other'), text, 1)
  const answer = (body: string) => anchored(response => response.end(body))
  const { lines } = await answer(`${foreign}\n${good}\n${otherKey}\n${good}\n`)
  assert.deepEqual(lines, [good])
  for (const [body, problem] of [
    ['', /not understood/],
    [`${foreign}\n`, /no cosignature/],
    [good, /not understood/],
    [`${good}\n${foreign}`, /not understood/],
    [`${cosign('w1.example', keyNamed('w1.example'), text.replace('\n7\n', '\n8\n'), 1)}\n`, /not understood/],
    ['good\n', /not understood/],
    [`${good}\n\n`, /not understood/],
    [`${good}\r\n`, /not understood/],
    [`${good}\n`.repeat(101), /not understood/],
  ] as const)
    await assert.rejects(answer(body), refusal('vault.witness-refused', problem), body.slice(0, 40))
})

test('VN6 an answer that is too long, too late, a redirect or nonsense is a refusal', async () => {
  const refuses = (respond: (response: ServerResponse) => void, problem: RegExp, timeoutMs?: number) =>
    assert.rejects(anchored(respond, timeoutMs ? { timeoutMs } : {}), refusal('vault.witness-refused', problem))
  await refuses(endlessly, /its answer is longer than 65536/)
  await refuses(response => void response.writeHead(200).write('x'), /in time/, 50)
  await refuses(() => {}, /in time/, 50)
  await refuses(response => response.destroy(), /cannot be reached/)
  await refuses(response => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(), /status: 307/)
  await refuses(response => response.writeHead(500).end(), /status: 500/)
  const size = { 'content-type': 'text/x.tlog.size' }
  await refuses(response => response.writeHead(409).end('5\n'), /names no size/)
  await refuses(response => response.writeHead(409, size).end('5'), /names no size/)
  await refuses(response => response.writeHead(409, size).end('05\n'), /not understood/)
  await refuses(response => response.writeHead(409, size).end('18446744073709551616\n'), /not understood/)
  await refuses(response => response.writeHead(409, size).end('8\n'), /larger tree/)
  await refuses(response => response.writeHead(409, size).end('5\n'), /kept changing/)
})

test('a witness that nobody runs is a refusal', async () => {
  const server = await serveAddCheckpoint(() => {})
  await server.close()
  const refused = anchorAt(server.url).anchor(await checkpointOf(1), consistencyTo(1))
  await assert.rejects(refused, refusal('vault.witness-refused', /cannot be reached/))
})

test('a witness is reached over https, or on this machine, by a URL without secrets', () => {
  for (const url of [
    'https://w.example',
    'https://w.example/a/',
    'http://127.0.0.1:1/',
    'http://localhost:1',
    'http://[::1]:1',
  ])
    assert.equal(anchorAt(url).name, 'w1.example')
  for (const url of [
    '',
    'w.example',
    'http://w.example/',
    'http://127.0.0.1.example/',
    'ftp://w.example/',
    'file:///etc/passwd',
    'https://user@w.example/',
    'https://user:secret@w.example/',
    'https://w.example/?token=secret',
    'https://w.example/#secret',
  ]) {
    assert.throws(
      () => anchorAt(url),
      error => refusal('vault.invalid-argument')(error) && !String(error).includes('secret'),
      url,
    )
  }
  assert.throws(() => anchorAt('https://w.example', log.vkey), refusal('vault.invalid-argument'))
})
