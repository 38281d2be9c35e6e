import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runChronicle } from '@chronicle/testing'
import { runCommand } from './support/command-line.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-usage-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

test('S5: what is not understood ends with 2, what fails with 1, and standard output stays clean', async () => {
  const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['topcs'], 2, /no such command[\s\S]*did you mean +topics/],
    [['topics', 'lst'], 2, /unknown command 'lst'[\s\S]*list/],
    [['start', '--nonsense'], 2, /unknown option/],
    [['start', '--kafka-port', '99999'], 2, /kafka\.port[\s\S]*--kafka-port[\s\S]*"99999"[\s\S]*1 to 65535/],
    [['--kafka-port', 'x', 'config', '--show'], 2, /--kafka-port/],
    [['start', '--config', join(scratch, 'none.toml')], 2, /configuration file cannot be read/],
    [['start', '--cluster'], 2, /not built yet/],
    [['--raft'], 2, /not built yet/],
    [['search'], 2, /not built yet/],
    [['produce'], 2, /missing required argument/],
    [['consume', 'x', '--offset', '1', '--group', 'g'], 2, /cannot be used with/],
    [['consume', 'x', '--format', '%q'], 2, /%q/],
    [['completion', 'tcsh'], 2, /bash, zsh, fish/],
    [['topics', 'list', '--bootstrap', 'nonsense'], 2, /HOST:PORT/],
    [['topics', 'list', '--bootstrap', 'localhost:1'], 1, /No server answers[\s\S]*chronicle start/],
    [['produce', 'x', '--file', join(scratch, 'none')], 1, /error: /],
  ]
  for (const [args, code, message] of cases) {
    const result = await runChronicle(args, { input: 'x\n', env: { CHRONICLE_BOOTSTRAP: 'localhost:1' } })
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`)
    assert.match(result.stderr, message)
    assert.equal(result.stdout, '', args.join(' '))
  }
})

test('help ends with 0, and every command has it', async () => {
  const { code, stdout } = await runChronicle(['--help'])
  assert.equal(code, 0)
  assert.match(stdout, /Exit codes: 0/)
  const commands = ['start', 'standalone', 'ingest', 'topics create', 'produce', 'consume', 'groups', 'config', 'fsck']
  for (const command of commands) {
    const help = await runCommand([...command.split(' '), '--help'])
    assert.equal(help.code, 0)
    assert.match(help.stdout, /^Usage: chronicle /)
  }
})

test('the help of every command has examples of that command', async () => {
  const commands = ['list', 'create', 'describe', 'delete'].map(name => `topics ${name}`)
  commands.push(...['list', 'describe', 'delete'].map(name => `groups ${name}`), 'produce', 'consume')
  const vault = ['init', 'status', 'keys', 'rotate', 'rewrap', 'destroy', 'export-public-key', 'audit']
  const session = ['ls', 'show', 'get', 'finalize', 'export']
  commands.push(
    ...vault.map(name => `vault ${name}`),
    ...session.map(name => `session ${name}`),
    'seal',
    'open',
    'verify',
  )
  for (const command of commands) {
    const { stdout } = await runCommand([...command.split(' '), '--help'])
    const examples = stdout.split('\nExamples:\n')[1] ?? ''
    assert.ok(examples.includes(`chronicle ${command}`), command)
  }
})

test('config --show tells each value and where it came from', async () => {
  const file = join(scratch, 'chronicle.toml')
  writeFileSync(file, '[kafka]\nport = 1111\n\n[durability]\nwal-rotation-size = "100KB"\n')
  const env = { CHRONIK_KAFKA_PORT: '2222', CHRONICLE_BIND_ADDR: 'localhost', CHRONIK_KAFKA_PROT: '1' }
  const args = ['config', '--show', '--config', file, '--data-dir', 'here']
  const { stdout, stderr } = await runChronicle([...args, '--json'], { env, cwd: scratch })
  const shown = JSON.parse(stdout)
  assert.deepEqual(shown['kafka.port'], { value: '2222', source: 'environment', from: 'CHRONIK_KAFKA_PORT' })
  assert.deepEqual(shown['durability.wal-rotation-size'], { value: '100KB', source: 'file', from: `${file}:5` })
  assert.deepEqual(shown['data.dir'], { value: join(scratch, 'here'), source: 'flag', from: '--data-dir' })
  assert.deepEqual(shown['http.port'], { value: '8700', source: 'default' })
  assert.match(stderr, /CHRONIK_KAFKA_PROT is not a setting.*CHRONIK_KAFKA_PORT/)
  const table = await runChronicle(args, { env, cwd: scratch })
  assert.match(table.stdout, /^kafka\.port +2222 +CHRONIK_KAFKA_PORT$/m)
  const explained = await runChronicle(['config'])
  assert.match(explained.stdout, /kafka\.port +CHRONICLE_KAFKA_PORT, CHRONIK_KAFKA_PORT, --kafka-port/)
})

test('colours only where somebody sees them', async () => {
  const start = '\x1b['
  assert.ok(!(await runChronicle(['--help'])).stdout.includes(start))
  assert.ok((await runChronicle(['config'], { env: { FORCE_COLOR: '1' } })).stdout.includes(start))
})

test('version', async () => {
  const { stdout } = await runChronicle(['version', '--json'])
  assert.deepEqual(Object.keys(JSON.parse(stdout)), ['version', 'node', 'platform'])
  const [command, option] = [await runChronicle(['version']), await runChronicle(['--version'])]
  assert.deepEqual([option.code, option.stdout], [0, command.stdout])
})

const program = new URL('../bin/chronicle.js', import.meta.url).pathname
const olderNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
  path => existsSync(path) && Number(spawnSync(path, ['-p', 'process.versions.node.split(".")[0]']).stdout) < 24,
)

test('S6: under an older Node it goes on with the installed one', { skip: !olderNode }, () => {
  const { status, stdout } = spawnSync(olderNode!, [program, 'version'], { encoding: 'utf8' })
  assert.equal(status, 0)
  assert.match(stdout, /Node 2[4-9]/)
  const failed = spawnSync(olderNode!, [program, 'topcs'], { encoding: 'utf8' })
  assert.equal(failed.status, 2)
})

test('S6: without an installed one it refuses in one line', { skip: !olderNode }, () => {
  const env = { ...process.env, CHRONICLE_STARTED_AGAIN: '1' }
  const { status, stderr } = spawnSync(olderNode!, [program, 'version'], { encoding: 'utf8', env })
  assert.equal(status, 1)
  assert.match(stderr, /^chronicle needs Node 24 or newer.*npm ci.*\n$/)
})

const endsMsMax = 30_000

test('S6: the server under an older Node ends with the process that started it', { skip: !olderNode }, async () => {
  const ports = ['--kafka-port', '0', '--http-port', '0', '--metrics-port', '0']
  const args = [program, 'start', ...ports, '--data-dir', join(scratch, 'older')]
  const parent = spawn(olderNode!, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  let timer: NodeJS.Timeout | undefined
  for await (const piece of parent.stderr) {
    said += piece
    const ready = said.split('\n').find(line => line.includes('"message":"ready"') && line.endsWith('}'))
    if (!ready || timer) continue
    parent.kill('SIGKILL')
    timer = setTimeout(() => process.kill(JSON.parse(ready).pid, 'SIGKILL'), endsMsMax)
  }
  clearTimeout(timer)
  // The pipe ends only when the last process that holds it has ended.
  assert.match(said, /"message":"stopped;/)
})
