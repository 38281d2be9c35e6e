import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { runChronicle } from '@chronicle/testing'
import { type CommandResult, runCommand } from './support/command-line.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-cli-seal-'))
const dataDir = join(scratch, 'data')
after(() => {
  process.chdir(tmpdir())
  rmSync(scratch, { recursive: true, force: true })
})
before(async () => {
  await done(run(['vault', 'init', '--source', 'file']))
})

/** In this process, which goes to `directory` for it: one command at a time. */
function runIn(directory: string, args: readonly string[]): Promise<CommandResult> {
  process.chdir(directory)
  return runCommand(args, { env: { CHRONICLE_VAULT_KEY_SOURCE: 'file' } })
}

function run(args: readonly string[], { cwd = scratch } = {}): Promise<CommandResult> {
  return runIn(cwd, [...args, '--data-dir', dataDir])
}

async function done(result: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await result
  assert.equal(code, 0, stderr)
  return stdout
}

const sealedChunkBytes = 16_400

/** Three whole chunks and a part of one. */
const plain = Buffer.from(seededRandom(7).bytes(50_000))

/** A directory with `name`, and `name.sealed` beside it. */
async function sealed(name: string): Promise<{ directory: string; path: string; bytes: Buffer }> {
  const directory = mkdtempSync(join(scratch, 'case-'))
  writeFileSync(join(directory, name), plain)
  await done(run(['seal', name], { cwd: directory }))
  const path = join(directory, `${name}.sealed`)
  return { directory, path, bytes: readFileSync(path) }
}

/** Opening `path` is refused, and leaves nothing behind. */
async function assertRefused(path: string, message: RegExp, args: readonly string[] = []): Promise<void> {
  const target = mkdtempSync(join(scratch, 'out-'))
  const result = await run(['open', path, '-o', join(target, 'plain'), ...args])
  assert.equal(result.code, 1, result.stdout)
  assert.match(result.stderr, message)
  assert.deepEqual(readdirSync(target), [], 'nothing of what was refused stays behind')
}

test('files of every size come back as they were, and what is there is not replaced', async () => {
  const directory = mkdtempSync(join(scratch, 'sizes-'))
  const sizes = [0, 1, 16_383, 16_384, 16_385, 1 << 20, (3 << 20) + 7]
  const names = sizes.map(bytes => `of-${bytes}`)
  for (const [at, bytes] of sizes.entries())
    writeFileSync(join(directory, names[at]!), seededRandom(bytes).bytes(bytes))
  await done(run(['seal', ...names], { cwd: directory }))
  const before = names.map(name => readFileSync(join(directory, name)))
  const present = await runChronicle(['open', `${names[0]}.sealed`, '--data-dir', dataDir], { cwd: directory })
  assert.equal(present.code, 1)
  assert.match(present.stderr, /The output is there already[\s\S]*--force/)
  await done(run(['open', '--force', ...names.map(name => `${name}.sealed`)], { cwd: directory }))
  assert.deepEqual(
    names.map(name => readFileSync(join(directory, name))),
    before,
  )
  assert.deepEqual(readdirSync(directory).length, 2 * names.length, 'no temporary file is left')
})

test('streams: standard input to standard output, bound to no name, and no plain byte in between', async () => {
  const text = 'confidential '.repeat(5000)
  writeFileSync(join(scratch, 'text'), text)
  const program = new URL('../bin/chronicle.js', import.meta.url).pathname
  const chronicle = (args: string) => `'${process.execPath}' '${program}' ${args} --data-dir '${dataDir}'`
  const pipe = `${chronicle('seal -')} < text | tee any-name.sealed | ${chronicle('open -')} > back`
  execFileSync('bash', ['-o', 'pipefail', '-c', pipe], { cwd: scratch })
  assert.equal(readFileSync(join(scratch, 'back'), 'utf8'), text)
  assert.ok(!readFileSync(join(scratch, 'any-name.sealed')).includes('confidential'))
  assert.equal(await done(run(['open', 'any-name.sealed', '--stdout'])), text)
})

test('S11: a flipped bit in any region is refused, and nothing stays behind', async () => {
  const { directory, path, bytes } = await sealed('flipped')
  const headerBytes = 34 + 'flipped'.length
  const regions = {
    magic: 0,
    version: 5,
    kind: 6,
    suite: 7,
    'key id': 9,
    epoch: 26,
    name: 31,
    checksum: headerBytes - 1,
    salt: headerBytes,
    commitment: headerBytes + 24,
    'first chunk': headerBytes + 56,
    'tag of the first chunk': headerBytes + 56 + sealedChunkBytes - 1,
    'last chunk': bytes.length - 20,
    'last tag': bytes.length - 1,
  }
  const names = Object.keys(regions).map(region => `${region}/flipped.sealed`)
  for (const [region, at] of Object.entries(regions)) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    mkdirSync(join(directory, region))
    writeFileSync(join(directory, region, 'flipped.sealed'), changed)
  }
  for (const name of ['first chunk', 'last tag'])
    await assertRefused(join(directory, name, 'flipped.sealed'), /The bytes are not/)
  const { stdout } = await run(['verify', path, ...names.slice(1), '--json'], { cwd: directory })
  const [whole, ...changed] = JSON.parse(stdout)
  assert.equal(whole.valid, true)
  for (const { target, valid } of changed) assert.equal(valid, false, target)
  // Without its magic it is no sealed file at all.
  await assertRefused(join(directory, names[0]!), /not something that Chronicle sealed/)
})

test('S12: what was cut off, lengthened, swapped inside or put in the place of another file is refused', async () => {
  const { directory, path, bytes } = await sealed('whole')
  const chunks = bytes.length - 50_000 - 4 * 16
  const chunk = (at: number) => bytes.subarray(chunks + at * sealedChunkBytes, chunks + (at + 1) * sealedChunkBytes)
  const changes = [
    bytes.subarray(0, 10),
    bytes.subarray(0, chunks),
    bytes.subarray(0, chunks + 2 * sealedChunkBytes),
    bytes.subarray(0, -1),
    Buffer.concat([bytes, Buffer.of(0)]),
    Buffer.concat([bytes.subarray(0, chunks), chunk(1), chunk(0), bytes.subarray(chunks + 2 * sealedChunkBytes)]),
  ]
  for (const changed of changes) {
    writeFileSync(path, changed)
    await assertRefused(path, /error: (The bytes are not|The end is missing)/)
  }
  const moved = join(directory, 'contract.sealed')
  writeFileSync(moved, bytes)
  await assertRefused(moved, /under another name[\s\S]*sealed as +whole/)
  assert.equal((await run(['open', moved, '--renamed'])).code, 0)
  assert.deepEqual(readFileSync(join(directory, 'contract')), plain)
})

test('parts of a file are opened alone, and the rest need not be whole', async () => {
  const { path, bytes } = await sealed('parts')
  const part = async (range: string) =>
    Buffer.from(await done(run(['open', path, '--stdout', '--range', range])), 'utf8')
  const text = Buffer.from('0123456789'.repeat(5000))
  writeFileSync(join(scratch, 'digits'), text)
  await done(run(['seal', 'digits']))
  for (const [range, from, to] of [
    ['0-9', 0, 10],
    ['16380-16389', 16_380, 16_390],
    ['49990-', 49_990, 50_000],
    ['-5', 49_995, 50_000],
    ['49999-99999', 49_999, 50_000],
  ] as const) {
    assert.equal(
      await done(run(['open', 'digits.sealed', '--stdout', '--range', range])),
      String(text.subarray(from, to)),
    )
  }
  assert.equal((await part('0-0')).length > 0, true)
  const outside = await run(['open', path, '--stdout', '--range', '50001-'])
  assert.equal(outside.code, 2)
  assert.match(outside.stderr, /0 to 50000/)
  const damaged = Buffer.from(bytes)
  damaged[bytes.length - 50_000]! ^= 1
  writeFileSync(path, damaged)
  await done(run(['open', path, '--stdout', '--range', '40000-40001']))
  assert.equal((await run(['open', path, '--stdout', '--range', '0-1'])).code, 1)
  assert.equal((await run(['open', path, '--range', 'x'])).code, 2)
})

test('--inspect needs no key and no data directory', async () => {
  const { path } = await sealed('seen')
  const { code, stdout } = await runIn(tmpdir(), ['open', '--inspect', path, '--json'])
  assert.equal(code, 0)
  const [seen] = JSON.parse(stdout)
  assert.deepEqual([seen.kind, seen.place, seen.epoch, seen.plainBytes], ['file', 'seen', 0, plain.length])
  const foreign = await runIn(tmpdir(), ['open', '--inspect', import.meta.filename])
  assert.equal(foreign.code, 1)
  assert.match(foreign.stderr, /not something that Chronicle sealed/)
})

test('the key store of another installation does not open it, and says which key it takes', async () => {
  const { path } = await sealed('foreign')
  const elsewhere = join(scratch, 'elsewhere')
  await done(runIn(scratch, ['vault', 'init', '--source', 'file', '--data-dir', elsewhere]))
  const { code, stderr } = await runIn(scratch, ['open', path, '--stdout', '--data-dir', elsewhere])
  assert.equal(code, 1)
  assert.match(stderr, /not in the key store[\s\S]*[0-9a-f]{8}-/)
  const none = await runIn(scratch, ['open', path, '--stdout', '--data-dir', join(scratch, 'nowhere')])
  assert.equal(none.code, 1)
  assert.match(none.stderr, /There is no key store here that opens files/)
  assert.ok(!existsSync(join(scratch, 'nowhere')))
})

test('mistakes are told before anything is written', async () => {
  const directory = join(scratch, 'mistakes')
  mkdirSync(directory)
  writeFileSync(join(directory, 'a'), 'a')
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['seal', 'none'], 1, /cannot be read/],
    [['seal', '.'], 1, /it is a directory/],
    [['seal', 'a', 'b', '-o', 'c'], 2, /several files, and one name/],
    [['open', 'a'], 2, /does not end in \.sealed/],
    [['open', 'a', '--stdout'], 1, /not something that Chronicle sealed/],
  ]
  for (const [args, code, message] of cases) {
    const result = await run(args, { cwd: directory })
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`)
    assert.match(result.stderr, message)
  }
  assert.deepEqual(readdirSync(directory), ['a'])
})

test('S11: a signal in the middle leaves no half file', async () => {
  const directory = join(scratch, 'interrupted')
  mkdirSync(directory)
  const program = new URL('../bin/chronicle.js', import.meta.url).pathname
  const args = [program, 'seal', '-', '-o', join(directory, 'half'), '--data-dir', dataDir]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = new Promise(resolve => child.on('close', resolve))
  // The input has no end: the command is in the middle for as long as the test wants.
  child.stdin.on('error', () => undefined)
  child.stdin.write(Buffer.alloc(1 << 20))
  while (readdirSync(directory).length === 0) await new Promise(resolve => setTimeout(resolve, 10))
  child.kill('SIGTERM')
  assert.equal(await ended, 128 + 15)
  assert.deepEqual(readdirSync(directory), [])
})
