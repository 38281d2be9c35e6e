import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runChronicle } from '@chronicle/testing'
import { makeRecord, makeWitness, type SealedRecord } from './sealed-record.ts'
import { type CommandResult, runCommand } from './support/command-line.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-cli-verify-'))
after(() => {
  process.chdir(tmpdir())
  rmSync(scratch, { recursive: true, force: true })
})

const witnesses = [makeWitness('w1.example'), makeWitness('w2.example')]
const stranger = makeWitness('w3.example')
let record: SealedRecord
before(async () => {
  process.chdir(scratch)
  record = await makeRecord(300, { witnesses })
  write('key.vkey', `${record.vkey}\n`)
  for (const [at, { vkey }] of witnesses.entries()) write(`w${at + 1}.vkey`, `${vkey}\n`)
  write('w3.vkey', `${stranger.vkey}\n`)
  write('5.tlog-proof', await record.proof(5))
  write('payload', record.payloads[5]!)
  write('checkpoint', record.checkpoint)
})

function write(name: string, bytes: string | Uint8Array): void {
  writeFileSync(join(scratch, name), bytes)
}

type Verdict = { valid: boolean; kind: string; checks: { outcome: string; what: string }[]; proves: string[] }

/** In this process, whose directory has no data of a server: the machine of a stranger. */
function verify(args: readonly string[], input?: string): Promise<CommandResult> {
  return runCommand(['verify', ...args], input === undefined ? {} : { input })
}

async function verdict(args: readonly string[], input?: string): Promise<Verdict & { code: number | null }> {
  const { code, stdout, stderr } = await verify([...args, '--json'], input)
  assert.notEqual(stdout, '', stderr)
  return { code, ...JSON.parse(stdout)[0] }
}

function refusals({ checks }: Verdict): string[] {
  return checks.filter(({ outcome }) => outcome === 'refused').map(({ what }) => what)
}

test('a stranger verifies a proof with the public key alone, and is told what it is worth', async () => {
  const args = ['verify', '5.tlog-proof', '--key', 'key.vkey', '--payload', 'payload']
  const { code, stdout } = await runChronicle(args, { cwd: scratch })
  assert.equal(code, 0)
  assert.match(stdout, /✓ it is chunk 5 of session s1/)
  assert.match(stdout, /✓ the payload is the one that was recorded/)
  assert.match(
    stdout,
    /✓ the checkpoint is signed\n +by example\.org\/record \(Ed25519, key [0-9a-f]{8}\), given with --key/,
  )
  assert.match(stdout, /✓ leaf 5 is in the tree of 300/)
  assert.match(
    stdout,
    / leaf 5 +[0-9a-f]{12}…\n( +├ [0-9a-f]{12}… +(left |right) +→ +[0-9a-f]{12}…\n){9} +root of 300 /,
  )
  assert.match(
    stdout,
    /What this proves\n[\s\S]*What is in payload[\s\S]*What it does not prove\n[\s\S]*When it was made/,
  )
  assert.match(stdout, /5\.tlog-proof: valid\n$/)
  const key = (await verify(['5.tlog-proof', '--key', record.vkey])).code
  const receipt = (await verify(['5.tlog-proof', '--key', 'key.vkey', '--leaf', record.leafHash(5)])).code
  const piped = (await verify(['-', '--key', 'key.vkey'], await record.proof(299))).code
  assert.deepEqual([key, receipt, piped], [0, 0, 0])
})

test('the picture ends in the root for the proof of every leaf of every small tree', async () => {
  const { drawPath } = await import('../src/cli/verify/path-picture.ts')
  const { inclusionProof, leafHash, MerkleTree, treeRoot } = await import('@chronicle/vault')
  for (let size = 1; size <= 33; size++) {
    const leaves = Array.from({ length: size }, (_, at) => leafHash(Buffer.of(at)))
    const reader = {
      hash: async (level: number, index: number) => {
        const tree = new MerkleTree()
        for (const leaf of leaves.slice(index * 2 ** level, (index + 1) * 2 ** level)) tree.append(leaf)
        return tree.root()
      },
    }
    const root = await treeRoot(size, reader)
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(index, size, reader)
      const lines = drawPath({ index, size, leafHash: leaves[index]!, proof, root })
      const last = lines.at(-2)!.split(' ').at(-1)
      assert.equal(last, `${Buffer.from(root).toString('hex').slice(0, 12)}…`, `leaf ${index} of ${size}`)
    }
  }
})

test('S13: a flipped bit anywhere in a proof is refused', async () => {
  const proof = Buffer.from(await record.proof(5))
  // Every line has its turn, and every kind of field within.
  const places = [1, 30, 200, 330, proof.indexOf('index 5') + 6, proof.indexOf('\n\n') - 5, proof.indexOf('\n\n') + 4]
  places.push(proof.indexOf('\n300\n') + 1, proof.lastIndexOf('\n\n') - 10, proof.indexOf('— example') + 40)
  const names = places.map(at => {
    const changed = Buffer.from(proof)
    changed[at]! ^= 1
    write(`changed-at-${at}.tlog-proof`, changed)
    return `changed-at-${at}.tlog-proof`
  })
  const { code, stdout } = await verify([...names, '--key', 'key.vkey', '--json'])
  assert.equal(code, 1)
  for (const { target, valid, proves } of JSON.parse(stdout)) assert.deepEqual([valid, proves], [false, []], target)
})

test('another payload, another leaf, another key: each is refused by name', async () => {
  const proof = ['5.tlog-proof', '--key', 'key.vkey']
  write('other', 'payload 6')
  assert.deepEqual(refusals(await verdict([...proof, '--payload', 'other'])), [
    'the payload is the one that was recorded',
  ])
  assert.deepEqual(refusals(await verdict([...proof, '--leaf', record.leafHash(6)])), ['the leaf is the one of --leaf'])
  const { vkey } = await makeRecord(1)
  assert.deepEqual(refusals(await verdict(['5.tlog-proof', '--key', vkey])), ['the checkpoint is signed'])
  const swapped = (await record.proof(5)).replace('index 5', 'index 4')
  write('swapped.tlog-proof', swapped)
  const { code, checks } = await verdict(['swapped.tlog-proof', '--key', 'key.vkey'])
  assert.equal(code, 1)
  assert.deepEqual(refusals({ checks } as Verdict), ['it is chunk 5 of session s1', 'leaf 4 is in the tree of 300'])
})

test('witnesses count when they are trusted, and a quorum that is not reached is refused', async () => {
  const proof = ['5.tlog-proof', '--key', 'key.vkey', '--witness', 'w1.vkey', '--witness']
  const both = await verdict([...proof, 'w2.vkey'])
  assert.equal(both.code, 0)
  assert.match(both.proves.join(' '), /It was there at 2027-01-15 08:00:00 UTC: w1\.example, w2\.example saw it/)
  const missing = await verdict([...proof, 'w3.vkey'])
  assert.deepEqual([missing.code, ...refusals(missing)], [1, 'enough witnesses cosigned'])
  assert.equal((await verdict([...proof, 'w3.vkey', '--quorum', '1'])).code, 0)
})

test('without a key nothing is believed, and keys of the wrong kind are a mistake', async () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['5.tlog-proof'], 2, /--key[\s\S]*export-public-key/],
    [['5.tlog-proof', '--key', 'w1.vkey'], 2, /the key of a log/],
    [['5.tlog-proof', '--key', 'key.vkey', '--witness', 'key.vkey'], 2, /the key of a witness/],
    [['5.tlog-proof', '--key', 'nonsense'], 2, /<name>/],
    [['5.tlog-proof', '--key', 'key.vkey', '--leaf', 'xyz'], 2, /64 hexadecimal digits/],
    [['nothing-of-this-name', '--key', 'key.vkey'], 1, /nothing here that can be verified/],
    [['payload', '--key', 'key.vkey'], 1, /^$/],
    [['.', '--key', 'key.vkey'], 1, /nothing here that can be verified/],
  ]
  // A directory without a checkpoint.
  mkdirSync(join(scratch, 'empty'))
  for (const [args, code, message] of cases) {
    const given = args[0] === '.' ? ['empty', ...args.slice(1)] : args
    const result = await verify(given)
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stdout}${result.stderr}`)
    assert.match(result.stderr, message)
  }
})

test('a checkpoint alone, and a whole session, recomputed', async () => {
  const checkpoint = await verdict(['checkpoint', '--key', 'key.vkey'])
  assert.deepEqual([checkpoint.code, checkpoint.kind], [0, 'checkpoint'])
  await record.exportTo(join(scratch, 'exported'))
  const session = await verdict(['exported', '--key', 'key.vkey', '--witness', 'w1.vkey'])
  assert.deepEqual([session.code, session.kind, refusals(session)], [0, 'session', []])
})

test('whatever is changed in an exported session is found', async () => {
  const changes: readonly (readonly [string, (path: string) => void, string])[] = [
    ['tile/entries/000', flip, 'the 300 entries have the root that was signed'],
    ['tile/entries/001.p/44', rmSync, 'all 300 entries are there'],
    ['tile/0/000', flip, 'every tile is the one that follows from the entries'],
    ['tile/1/000.p/1', flip, 'every tile is the one that follows from the entries'],
    ['chunks/7', path => appendFileSync(path, '!'), '300 proofs and 300 payloads belong to these entries'],
    [
      'proofs/7.tlog-proof',
      path => writeFileSync(path, readFileSync(`${path.slice(0, -12)}8.tlog-proof`)),
      '300 proofs and 300 payloads belong to these entries',
    ],
  ]
  for (const [at, [file, change]] of changes.entries()) {
    await record.exportTo(join(scratch, `changed-${at}`))
    change(join(scratch, `changed-${at}`, file))
  }
  const directories = changes.map((_, at) => `changed-${at}`)
  const { code, stdout } = await verify([...directories, '--key', 'key.vkey', '--json'])
  assert.equal(code, 1)
  const found: Verdict[] = JSON.parse(stdout)
  for (const [at, [file, , refused]] of changes.entries()) {
    assert.ok(refusals(found[at]!).includes(refused), `${file}: ${refusals(found[at]!)}`)
  }
})

function flip(path: string): void {
  const bytes = readFileSync(path)
  // Not at the length of an entry.
  bytes[(bytes.length >> 1) + 5]! ^= 1
  writeFileSync(path, bytes)
}

test('a sealed file is opened wholly where the key is, and only described where it is not', async () => {
  const dataDir = join(scratch, 'installation')
  const local = ['--data-dir', dataDir]
  await runChronicle(['vault', 'init', '--source', 'file', ...local])
  write('letter', 'dear reader '.repeat(4000))
  await runChronicle(['seal', 'letter', ...local], { cwd: scratch })
  const here = await verdict(['letter.sealed', ...local])
  assert.deepEqual([here.code, here.kind], [0, 'sealed file'])
  const there = await verify(['letter.sealed'])
  assert.equal(there.code, 1)
  assert.match(there.stdout, /✓ the clear header is whole[\s\S]*– not checked: it opens[\s\S]*NOT VERIFIED/)
  flip(join(scratch, 'letter.sealed'))
  const changed = await verdict(['letter.sealed', ...local])
  assert.deepEqual([changed.code, ...refusals(changed)], [1, 'it opens from the first byte to the last'])
})
