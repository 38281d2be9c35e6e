import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { systemClock } from '@chronicle/base'
import { startWitness } from '@chronicle/testing'
import {
  addSignatures,
  consistencyProof,
  cosign,
  ed25519Signer,
  entriesPath,
  formatCheckpoint,
  formatProof,
  formatVkey,
  type HashReader,
  leafHash,
  nodeHash,
  parseNote,
  parseProof,
  signNote,
  type TileStorage,
  TileTree,
  tilePath,
  tilesOfGrowth,
  treeRoot,
  verifyCheckpoint,
  verifyConsistency,
  verifyProof,
  witnessAnchor,
} from '@chronicle/vault'
import {
  buildJudge,
  type Claim,
  judge,
  logCommand,
  type MadeLog,
  makeLog,
  missingJudge,
  witnessCommand,
} from './tlog-judge.ts'

const sizes = [1, 2, 255, 256, 257, 1000, 70_000]
const logKey = keyOf('log')
const witnessKey = keyOf('witness')
const log = ed25519Signer('chronicle.example', logKey)
const witnessVkey = formatVkey('witness.example', witnessKey, 'cosignature')
const missing = missingJudge()

describe('transparency logs', { skip: missing }, () => {
  before(buildJudge)
  for (const size of sizes) {
    test(`Go believes our log of ${size} leaves, and not one bit that differs`, () => goJudges(size))
    test(`we believe Go's log of ${size} leaves, and not one bit that differs`, () => weJudge(size))
  }
  test('our witnesses cosign a log of Tessera as it grows', () => tesseraIsCosigned())
  test('a witness in Go cosigns our log as it grows, and no fork of it', () => goCosigns())
})

async function goJudges(size: number): Promise<void> {
  await inDirectory(async directory => {
    const tree = await grownTree(directory, size)
    const text = formatCheckpoint({ origin: 'chronicle.example/tree', size, root: tree.root() })
    const note = addSignatures(signNote(text, [log]), [cosign('witness.example', witnessKey, text, 1_700_000_000)])
    const signed = { note: base64(Buffer.from(note)), key: log.vkey, witnessKeys: [witnessVkey] }
    const tiles: Claim = { ...signed, kind: 'tiles', directory }
    const claims: Claim[] = [{ ...signed, kind: 'checkpoint' }, tiles]
    for (const index of placesIn(size)) claims.push(...(await claimsAt(tree, index, note)))
    assert.deepEqual(
      judge(claims),
      claims.map(() => ''),
    )
    const wrong = claims.flatMap(withFlippedBits)
    for (const [at, problem] of judge(wrong).entries()) assert.notEqual(problem, '', JSON.stringify(wrong[at]))
    // One bit of each of some tiles, one after the other. Earlier partial tiles may stand beside them; nobody reads those.
    const paths = [...tilesOfGrowth(0, size)].flatMap(({ level, index, width }) =>
      level === 0 ? [tilePath(0, index, width), entriesPath(index, width)] : [tilePath(level, index, width)],
    )
    for (const path of paths.filter((_, at) => at % Math.ceil(paths.length / 8) === 0)) {
      const file = join(directory, path)
      const bytes = await readFile(file)
      await writeFile(file, flipped(bytes))
      assert.notEqual(judge([tiles])[0], '', path)
      await writeFile(file, bytes)
    }
    assert.deepEqual(judge([tiles]), [''])
  })
}

/** What is to be believed of one leaf, and of the tree that ends with it. */
async function claimsAt(tree: TileTree, index: number, note: string): Promise<Claim[]> {
  const size = tree.size
  const root = base64(tree.root())
  const leaf = base64(leafData(index))
  const proof = await tree.inclusionProof(index)
  const file = formatProof({ index, proof, checkpoint: note, extra: Buffer.from('for Go') })
  const consistency = await tree.consistencyProof(index + 1)
  return [
    { kind: 'inclusion', size, root, index, leaf, hashes: proof.map(base64) },
    { kind: 'proof', note: base64(Buffer.from(file)), key: log.vkey, witnessKeys: [witnessVkey], leaf },
    {
      kind: 'consistency',
      size,
      root,
      oldSize: index + 1,
      oldRoot: base64(await treeRoot(index + 1, leavesOnly)),
      hashes: consistency.map(base64),
    },
  ]
}

async function weJudge(size: number): Promise<void> {
  await inDirectory(async directory => {
    const made = makeLog(join(directory, 'go'), size)
    const trusted = { logKeys: [made.key], witnessKeys: [made.witnessKey] }
    const checkpoint = Buffer.from(made.checkpoint, 'base64')
    const { root } = verifyCheckpoint(checkpoint, trusted)
    assert.throws(() => verifyCheckpoint(flipped(checkpoint), trusted))
    for (const { index, file } of made.proofs) {
      const bytes = Buffer.from(file, 'base64')
      const leaf = leafData(index)
      assert.equal(verifyProof(bytes, { ...trusted, leafData: leaf }).index, index)
      assert.throws(() => verifyProof(bytes, { ...trusted, leafData: flipped(leaf) }))
      assert.throws(() => verifyProof(flipped(bytes), { ...trusted, leafData: leaf }))
    }
    checkConsistency(made, size, root)
    // The same leaves make the same tiles, byte for byte.
    const ours = join(directory, 'ours')
    await grownTree(ours, size)
    for (const path of await filesUnder(join(directory, 'go')))
      assert.deepEqual(await readFile(path), await readFile(path.replace(join(directory, 'go'), ours)), path)
  })
}

function checkConsistency(made: MadeLog, size: number, root: Uint8Array): void {
  for (const { oldSize, oldRoot, hashes } of made.consistency) {
    const claim = {
      from: oldSize,
      to: size,
      fromRoot: bytesOf(oldRoot),
      toRoot: root,
      proof: hashes.map(bytesOf),
    }
    assert.ok(verifyConsistency(claim))
    assert.ok(!verifyConsistency({ ...claim, fromRoot: flipped(claim.fromRoot) }))
    assert.ok(!verifyConsistency({ ...claim, toRoot: flipped(claim.toRoot) }))
    const [first, ...rest] = claim.proof
    if (first) assert.ok(!verifyConsistency({ ...claim, proof: [flipped(first), ...rest] }))
  }
}

async function tesseraIsCosigned(): Promise<void> {
  await inDirectory(async directory => {
    const name = 'tessera.example'
    const vkey = formatVkey(name, logKey)
    const witnesses = await Promise.all(
      ['w1.example', 'w2.example'].map(name => startWitness({ name, privateKey: keyOf(name), logKeys: [vkey] })),
    )
    try {
      const lines = witnesses.map(({ vkey, url }, at) => `witness w${at} ${vkey} ${url}`)
      const policy = [...lines, 'group both all w0 w1', 'quorum both'].join('\n')
      const [program, parameters] = logCommand(directory, policy, secretInGo(name, 'log'))
      const { stdout } = await promisify(execFile)(program, parameters, { timeout: 120_000 })
      const witnessKeys = witnesses.map(witness => witness.vkey)
      const verified = verifyCheckpoint(stdout, { logKeys: [vkey], witnessKeys })
      assert.equal(verified.size, 30)
      assert.deepEqual(verified.witnesses.map(witness => witness.name).sort(), ['w1.example', 'w2.example'])
      for (const witness of witnesses) assert.equal(witness.trees.get(name)?.size, 30)
    } finally {
      for (const witness of witnesses) await witness.close()
    }
  })
}

async function goCosigns(): Promise<void> {
  const name = 'go.example/witness'
  const [program, parameters] = witnessCommand(secretInGo(name, 'witness'), log.vkey)
  const process = spawn(program, parameters, { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const [line] = await once(process.stdout, 'data')
    const vkey = formatVkey(name, witnessKey, 'cosignature')
    const anchor = witnessAnchor({ url: String(line).trim(), vkey, fetch, clock: systemClock })
    const noteOf = (size: number, root: Uint8Array) =>
      signNote(formatCheckpoint({ origin: log.name, size, root }), [log])
    for (const size of [1, 5, 5, 255]) {
      const bare = noteOf(size, await treeRoot(size, leavesOnly))
      const note = addSignatures(bare, await anchor.anchor(bare, from => consistencyProof(from, size, leavesOnly)))
      const { witnesses } = verifyCheckpoint(note, { logKeys: [log.vkey], witnessKeys: [vkey] })
      assert.deepEqual(
        witnesses.map(witness => witness.name),
        [name],
      )
    }
    const fork = noteOf(300, leafData(0))
    const proof = anchor.anchor(fork, from => consistencyProof(from, 300, leavesOnly))
    await assert.rejects(proof, /does not follow/)
  } finally {
    process.stdin.end()
  }
}

/** The tree without end whose leaves are `leafData`. */
const leavesOnly: HashReader = {
  async hash(level, index) {
    if (level === 0) return leafHash(leafData(index))
    return nodeHash(await leavesOnly.hash(level - 1, 2 * index), await leavesOnly.hash(level - 1, 2 * index + 1))
  },
}

/** A secret key as Go's note package writes it. */
function secretInGo(name: string, seedName: string): string {
  const [, keyHash] = formatVkey(name, keyOf(seedName)).split('+')
  return `PRIVATE+KEY+${name}+${keyHash}+${base64(Buffer.concat([Buffer.of(1), seedOf(seedName)]))}`
}

/** The tree of the first leaves, flushed at some sizes on its way. */
async function grownTree(directory: string, size: number): Promise<TileTree> {
  const tree = await TileTree.open(filesIn(directory), undefined)
  for (const next of [1, 200, 256, 300, 999, 65_536, size].filter(step => step <= size)) {
    tree.append(Array.from({ length: next - tree.size }, (_, at) => leafData(tree.size + at)))
    await tree.flush()
  }
  return tree
}

function leafData(index: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(index))
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

/** Both ends, the middle, and what is beside the edges of tiles. */
function placesIn(size: number): number[] {
  const places = [0, 1, 127, 254, 255, 256, 257, 65_535, 65_536, Math.floor(size / 2), size - 2, size - 1]
  return [...new Set(places.filter(place => place >= 0 && place < size))]
}

function filesIn(directory: string): TileStorage {
  return {
    async read(path) {
      return await readFile(join(directory, path)).catch(() => undefined)
    },
    async write(path, bytes) {
      await mkdir(dirname(join(directory, path)), { recursive: true })
      await writeFile(join(directory, path), bytes)
    },
    async remove(path) {
      await rm(join(directory, path), { force: true })
    },
  }
}

async function filesUnder(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tlog-'))
  try {
    await use(directory)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** The claim with one bit changed, in each of the things that it consists of. */
function withFlippedBits(claim: Claim): Claim[] {
  const flip = (text: string) => base64(flipped(bytesOf(text)))
  if (claim.kind === 'checkpoint') return [{ ...claim, note: flip(claim.note!) }]
  if (claim.kind === 'proof') return [{ ...claim, leaf: flip(claim.leaf) }, ...flippedProofs(claim)]
  if (claim.kind === 'tiles') return []
  const hashes = claim.hashes.map((hash, at) => ({ ...claim, hashes: claim.hashes.with(at, flip(hash)) }))
  const root = { ...claim, root: flip(claim.root) }
  if (claim.kind === 'inclusion') return [...hashes, root, { ...claim, leaf: flip(claim.leaf) }]
  return [...hashes, root, { ...claim, oldRoot: flip(claim.oldRoot) }]
}

/** One bit of the index, and one of the text of the checkpoint. */
function flippedProofs(claim: Claim): Claim[] {
  const file = Buffer.from(bytesOf(claim.note!)).toString()
  const { text } = parseNote(file.slice(file.indexOf('\n\n') + 2))
  const changed = Buffer.from(flipped(Buffer.from(text))).toString()
  const { index } = parseProof(file)
  const files = [file.replace(text, changed), file.replace(`index ${index}\n`, `index ${index ^ 1}\n`)]
  return files.map(other => ({ ...claim, note: base64(Buffer.from(other)) }))
}

/** One bit of the byte in the middle. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[bytes.length >> 1]! ^= 1
  return copy
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function seedOf(name: string): Buffer {
  return createHash('sha256').update(name).digest()
}

function keyOf(name: string): KeyObject {
  // What stands before the seed in PKCS #8 (RFC 8410, section 7).
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seedOf(name)])
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
}
