/** Seals a session of five chunks, closes it, and verifies the proof of one chunk offline, with the public key alone. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const server = process.env.CHRONICLE_URL ?? 'http://127.0.0.1:8700'
const session = `workshop-${Date.now()}`
const chunks = Array.from({ length: 5 }, (_, index) => `minute ${index}: the lathe turned\n`)

async function ask(path: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(`${server}/api/v1/${path}`, init)
  if (!response.ok) throw new Error(await response.text())
  return response
}

for (const [index, text] of chunks.entries()) {
  const chunk = {
    session_id: session,
    chunk_index: index,
    data: Buffer.from(text).toString('base64'),
    metadata: { camera: 'north' },
  }
  const headers = { 'content-type': 'application/json' }
  const answer = await ask('chunks/process', { method: 'POST', headers, body: JSON.stringify(chunk) })
  // The answer came after the sealed chunk and its leaf were on the disk.
  const { leaf_hash } = (await answer.json()) as { leaf_hash: string }
  console.log(`chunk ${index} is leaf ${leaf_hash}`)
}
const root = (await (await ask(`sessions/${session}/finalize`, { method: 'POST' })).json()) as { checkpoint: string }
console.log(`\nThe root, signed, to be anchored wherever you like:\n\n${root.checkpoint}`)

// What goes to a stranger: the chunk, its proof and, by another way, the public key.
const directory = mkdtempSync(join(tmpdir(), 'chronicle-example-'))
const file = (name: string): string => join(directory, name)
writeFileSync(file('chunk-3'), Buffer.from(await (await ask(`sessions/${session}/chunks/3`)).arrayBuffer()))
writeFileSync(file('3.tlog-proof'), await (await ask(`sessions/${session}/chunks/3/proof`)).text())
writeFileSync(file('public-key.vkey'), await (await ask('vkey')).text())

const program = join(import.meta.dirname, '..', 'packages', 'server', 'bin', 'chronicle.js')
const verify = ['verify', file('3.tlog-proof'), '--key', file('public-key.vkey'), '--payload', file('chunk-3')]
execFileSync(process.execPath, [program, ...verify], { stdio: 'inherit', cwd: directory })
