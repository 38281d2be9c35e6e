import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { done, emptyDirectory, entries, noon, record, rows } from '../../packer/test/archive-commands-support.ts'
import { event, eventStream } from '../../packer/test/intake-support.ts'
import { filledHere, type InstallationHere } from './archive-commands-here.ts'

const program = join(import.meta.dirname, '../../../node_modules/.bin/chronicle')

let made: Promise<InstallationHere> | undefined

/** Each test puts back what it has changed. */
function shared(): Promise<InstallationHere> {
  made ??= filledHere('damage')
  return made
}

async function verified({ archive }: InstallationHere, ...args: string[]) {
  const { code, stdout, stderr } = await archive('verify', '--json', ...args)
  assert.ok(stdout.startsWith('{'), stderr)
  return { code, report: JSON.parse(stdout) }
}

test('PA9: a flipped byte in any region of a sealed file is found, named, and nothing of the file goes out', async () => {
  const installation = await shared()
  const { archiveProcess, base } = installation
  const { path } = (await entries(installation, '--kind', 'parquet'))[0]!
  const file = join(base, path)
  const good = readFileSync(file)
  const headerBytes = 34 + path.length
  const regions = { commitment: headerBytes + 24, 'last tag': good.length - 1 }
  try {
    for (const [region, at] of Object.entries(regions)) {
      const bad = Buffer.from(good)
      bad[at]! ^= 1
      writeFileSync(file, bad)
      const { code, report } = await verified(installation, '--kind', 'parquet')
      assert.equal(code, 1)
      assert.deepEqual([report.whole, report.problems.length, report.problems[0].path], [false, 1, path], region)
      assert.equal(report.problems[0].code, 'packer.archived-file-damaged')
    }
    const printed = await archiveProcess('cat', path)
    assert.deepEqual([printed.code, printed.stdout], [1, ''])
    assert.match(printed.stderr, /is not the one that was written[\s\S]*→ Do not use it\. Restore it from a copy/)
    const out = emptyDirectory('damaged-out')
    const exported = await archiveProcess('export', '-o', out)
    assert.equal(exported.code, 1)
    assert.match(exported.stdout, /× A file of the archive is not the one[\s\S]*Exported 4 files/)
    assert.equal(existsSync(join(out, path)), false)
    assert.ok(!readdirSync(out, { recursive: true }).some(name => `${name}`.includes('.partial')))
  } finally {
    writeFileSync(file, good)
  }
  assert.equal((await verified(installation)).code, 0)
})

test('verify: cut, longer, gone, swapped, of nobody, each with what to do', async () => {
  const { base, archive, archiveProcess } = await shared()
  const copy = emptyDirectory('verify-copy')
  cpSync(base, copy, { recursive: true })
  const list: { path: string; kind: string }[] = JSON.parse(await done(archive('ls', '--json')))
  const parquet = list.filter(({ kind }) => kind === 'parquet').map(({ path }) => path)
  const at = (path: string) => join(copy, path)
  const [heif, quarantine] = ['heif', 'quarantine'].map(kind => list.find(each => each.kind === kind)!.path)
  renameSync(at(parquet[0]!), at('held'))
  copyFileSync(at(parquet[1]!), at(parquet[0]!))
  rmSync(at(parquet[1]!))
  truncateSync(at(parquet[2]!), 1000)
  appendFileSync(at(heif!), 'x')
  renameSync(at(quarantine!), at('quarantine/of-nobody.jsonl'))
  const { code, stdout } = await archiveProcess('verify', '--base-path', copy)
  assert.equal(code, 1)
  const blocks = stdout.split(/^(?=×)/m).map(block => block.trimEnd())
  const named = (what: RegExp) => {
    const block = blocks.find(each => what.test(each)) ?? assert.fail(stdout)
    return block.split('\n').flatMap(line => /^ {4}(\S+)$/.exec(line)?.[1] ?? [])
  }
  assert.deepEqual(
    named(/not the one that was written \(3 files\)/).toSorted(),
    [heif, parquet[0], parquet[2]].toSorted(),
  )
  assert.deepEqual(named(/names is not there \(2 files\)/).toSorted(), [parquet[1], quarantine].toSorted())
  assert.deepEqual(named(/does not name 1 file/), ['quarantine/of-nobody.jsonl'])
  assert.equal(stdout.match(/→/g)?.length, 3)
  assert.match(stdout, /^6 problems in 5 files of /m)
})

test('a damaged manifest, a missing one, another archive and no archive are refused with what to do', async () => {
  const { base, archive } = await shared()
  const copy = emptyDirectory('manifest-copy')
  cpSync(base, copy, { recursive: true })
  const manifest = join(copy, 'metadata/files.json')
  const good = readFileSync(manifest, 'utf8')
  const refused = async (message: RegExp, commands: readonly string[][] = [['verify']]) => {
    for (const command of commands) {
      const { code, stdout, stderr } = await archive(...command, '--base-path', copy)
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, message)
    }
  }
  writeFileSync(manifest, good.replace('"rows":40', '"rows":41'))
  await refused(/The manifest of the archive is not as it was written[\s\S]*Restore/, [
    ['ls'],
    ['verify'],
    ['cat', '--from', '2025-01-01'],
  ])
  rmSync(manifest)
  await refused(/has files, and no manifest/)
  rmSync(copy, { recursive: true })
  await refused(/There is no archive in this directory/)
})

test('the wrong master key, and none, open nothing', async () => {
  const { base, archive, archiveProcess, home } = await shared()
  const [keyFile] = readdirSync(join(home, 'config/chronicle')).filter(name => name.endsWith('.key'))
  const path = join(home, 'config/chronicle', keyFile!)
  const good = readFileSync(path)
  try {
    writeFileSync(path, Buffer.alloc(32, 7))
    const wrong = await archiveProcess('ls')
    assert.deepEqual([wrong.code, wrong.stdout], [1, ''])
    assert.match(wrong.stderr, /The master key does not open this key store/)
    rmSync(path)
    assert.match((await archive('cat', 'parquet/**')).stderr, /The master key is not where it was kept/)
  } finally {
    writeFileSync(path, good, { mode: 0o600 })
  }
  const keys = join(base, 'metadata/keys')
  renameSync(keys, `${keys}-away`)
  try {
    assert.match((await archive('ls')).stderr, /There is no key store here yet/)
    assert.match((await archive('ls', '--base-path', base)).stderr, /it takes a key to check it, and none was given/)
    assert.equal(existsSync(keys), false, 'no key store is made')
  } finally {
    renameSync(`${keys}-away`, keys)
  }
  const record = join(keys, 'objects/vault/vault.json')
  const whole = readFileSync(record)
  try {
    writeFileSync(record, 'damaged')
    await done(archive('ls'))
    assert.equal(readFileSync(record, 'utf8'), 'damaged', 'reading makes nothing good')
  } finally {
    writeFileSync(record, whole)
  }
})

test('files of a destroyed key are listed as that, verified by their bytes, and not printed', async () => {
  const installation = await filledHere('destroyed')
  const { archive, base, runHere } = installation
  const [first] = await entries(installation, '--kind', 'parquet')
  const keys = ['--data-dir', join(base, 'metadata/keys')]
  await done(runHere(['vault', 'destroy', first!.keyId!, '--yes', first!.keyId!, ...keys]))
  const states = (await entries(installation)).map(({ keyState }) => keyState)
  assert.equal(states.filter(state => state === 'destroyed').length, 1)
  assert.match((await archive('ls')).stderr, /; 1 file without a key\./)
  assert.match(await done(archive('verify')), /The keys of 1 file were destroyed[\s\S]*Whole/)
  const printed = await archive('cat', first!.path)
  assert.deepEqual([printed.code, printed.stdout], [1, ''])
  assert.match(printed.stderr, /was destroyed/)
  assert.ok(printed.stderr.includes(first!.path))
  truncateSync(join(base, first!.path), 100)
  assert.equal((await archive('verify')).code, 1)
})

test('beside a packer that runs, and packs meanwhile', async () => {
  const installation = await filledHere('running')
  const { packer, archive, archiveProcess, home } = installation
  await done(packer('--daemon', '--pid-file', join(home, 'pid'), 'start'))
  try {
    const later = Array.from({ length: 50 }, (_, at) =>
      event(5000 + at, { timestamp_ns: noon('2025-11-23') + BigInt(at) }),
    )
    const [packed, ...read] = await Promise.all([
      record(installation, [eventStream(later)]).then(() => packer('process', '--json')),
      ...Array.from({ length: 3 }, () => archiveProcess('verify')),
    ])
    assert.equal(packed.code, 0, packed.stderr)
    for (const { code, stdout, stderr } of read) assert.equal(code, 0, stdout + stderr)
    const all = await done(archive('cat', 'parquet/**'))
    assert.equal(all.trimEnd().split('\n').length, rows.length + 50)
  } finally {
    await done(packer('stop'))
  }
})

test('a copy that cannot be written opens, and the use of its keys is on record elsewhere', async context => {
  const { base, home, run } = await shared()
  const copy = join(home, 'copy')
  cpSync(base, copy, { recursive: true })
  const own = join(home, 'state/chronicle/archive-audit.log')
  const before = readFileSync(join(copy, 'metadata/keys/audit.log'), 'utf8')
  if (process.getuid?.() !== 0) {
    for (const name of readdirSync(copy, { recursive: true })) chmodSync(join(copy, `${name}`), 0o500)
    const { code, stderr } = await run(['archive', 'verify', '--base-path', copy])
    assert.equal(code, 0, stderr)
  } else if (!mounted(home, copy)) return context.skip('no file system can be mounted here')
  assert.match(readFileSync(own, 'utf8'), /"action":"key.opened"/)
  assert.equal(readFileSync(join(copy, 'metadata/keys/audit.log'), 'utf8'), before)
})

/** Verifies a copy in a mount namespace of its own, in which it cannot be written; false where there are no such namespaces. */
function mounted(home: string, copy: string): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
  } catch {
    return false
  }
  const commands = [
    'mount --bind "$1" "$1"',
    'mount -o remount,ro,bind "$1"',
    '! touch "$1/x" 2>/dev/null',
    '"$2" "$3" archive verify --base-path "$1"',
    '"$2" "$3" archive cat "parquet/**" --base-path "$1" >/dev/null',
  ]
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') }
  execFileSync('unshare', ['-m', 'sh', '-ec', commands.join('\n'), 'sh', copy, process.execPath, program], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return true
}

test('S16: cat leaves nothing plain behind when it is killed', async () => {
  const { home, base, config } = await shared()
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') }
  const child = spawn(process.execPath, [program, 'archive', 'cat', 'parquet/**', '--config', config], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await new Promise(resolve => child.stdout.once('data', resolve))
  child.kill('SIGKILL')
  await new Promise(resolve => child.once('exit', resolve))
  assert.deepEqual(readdirSync(join(base, 'temp')), [])
  assert.equal(bytesNamed('/dev/shm'), 0)
})

/** Of files in private places, those of other processes too: there are names for a moment, and never bytes behind them. */
function bytesNamed(directory: string): number {
  const places = readdirSync(directory).filter(name => name.startsWith('chronicle-private-'))
  const sizes = places.map(name => statSync(join(directory, name, 'plain'), { throwIfNoEntry: false })?.size ?? 0)
  return sizes.reduce((sum, size) => sum + size, 0)
}
