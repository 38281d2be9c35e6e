import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, runChronicle, startChronicle } from '@chronicle/testing'
import { createTopics } from './support/records.ts'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-completion-'))
const program = new URL('../bin/chronicle.js', import.meta.url).pathname
let server: ChronicleProcess
before(async () => {
  server = await startChronicle()
  await createTopics(server, 1, 'orders', 'offers', 'notes')
  const { stdout } = await runChronicle(['completion', 'bash'])
  writeFileSync(join(scratch, 'completion.bash'), stdout)
  const packer = await runChronicle(['packer', 'completion', 'bash'])
  writeFileSync(join(scratch, 'packer.bash'), packer.stdout)
})
after(async () => {
  await server.stop()
  rmSync(scratch, { recursive: true, force: true })
})

/** What a bash that has loaded the script offers after each of `lines`, their last word being completed. */
function complete(...lines: readonly (readonly string[])[]): Promise<string[][]> {
  return completeOf('chronicle', ...lines)
}

/** As bash does it: by the function that the script has registered for `name`. */
async function completeOf(name: string, ...lines: readonly (readonly string[])[]): Promise<string[][]> {
  const registered = `ask=$(complete -p '${name}' | sed 's/.* -F \\([^ ]*\\) .*/\\1/')`
  const asks = lines.map(words => {
    const quoted = words.map(word => `'${word}'`).join(' ')
    return `COMP_WORDS=(${name} ${quoted}); COMP_CWORD=${words.length}; $ask; echo "\${COMPREPLY[@]}"`
  })
  const call = `chronicle() { '${process.execPath}' '${program}' "$@"; }`
  const sources = ['completion.bash', 'packer.bash'].map(file => `source ${join(scratch, file)}`)
  const script = [...sources, call, registered, ...asks].join('\n')
  const env = { ...process.env, CHRONICLE_BOOTSTRAP: server.bootstrap }
  const bash = spawn('bash', ['--norc', '-c', script], { env, cwd: scratch })
  let stdout = ''
  let stderr = ''
  bash.stdout.on('data', piece => {
    stdout += piece
  })
  bash.stderr.on('data', piece => {
    stderr += piece
  })
  const code = await new Promise(resolve => bash.on('close', resolve))
  assert.deepEqual([code, stderr], [0, ''])
  return stdout
    .split('\n')
    .slice(0, lines.length)
    .map(line => line.split(' ').filter(word => word !== ''))
}

test('bash completes commands, options and the values that are words', async () => {
  const [commands, subcommands, options, codecs, levels, shells, flags] = await complete(
    ['to'],
    ['topics', ''],
    ['topics', 'create', '--par'],
    ['produce', 'x', '--compression', 'z'],
    ['start', '--log-level', ''],
    ['completion', ''],
    ['start', '--kafka'],
  )
  assert.deepEqual(commands, ['topics'])
  assert.deepEqual(subcommands, ['list', 'create', 'describe', 'delete'])
  assert.deepEqual(options, ['--partitions'])
  assert.deepEqual(codecs, ['zstd'])
  assert.deepEqual(levels, ['debug', 'info', 'warn', 'error'])
  assert.deepEqual(shells, ['bash', 'zsh', 'fish'])
  assert.deepEqual(flags, ['--kafka-port'])
})

test('bash completes commands of observe and the statuses of traces', async () => {
  const [commands, letters, statuses, check] = await complete(
    ['observe', 't'],
    ['observe', 'letters', ''],
    ['observe', 'traces', '--status', ''],
    ['migrate', '--ch'],
  )
  assert.deepEqual(commands, ['traces', 'trace', 'tail'])
  assert.deepEqual(letters, ['ls', 'show', 'replay'])
  assert.deepEqual(statuses, ['pending', 'assigned', 'in_progress', 'completed', 'failed', 'timed_out'])
  assert.deepEqual(check, ['--check'])
})

test('bash completes topics of the server that is running, and files', async () => {
  writeFileSync(join(scratch, 'settings.toml'), '')
  const [topics, described, files, none] = await complete(
    ['consume', 'o'],
    ['topics', 'describe', 'not'],
    ['start', '--config', 'sett'],
    ['consume', 'x', '--max-messages', ''],
  )
  assert.deepEqual(topics, ['offers', 'orders'])
  assert.deepEqual(described, ['notes'])
  assert.deepEqual(files, ['settings.toml'])
  assert.deepEqual(none, [])
})

test('bash completes chronicle-packer by its own script: commands, options, choices, files, topics', async () => {
  writeFileSync(join(scratch, 'settings.toml'), '')
  const [commands, globals, process, formats, shells, files, below, topics] = await completeOf(
    'chronicle-packer',
    ['st'],
    ['--'],
    ['process', '--d'],
    ['metrics', '--format', ''],
    ['completion', ''],
    ['--config', 'sett'],
    ['--config', 'settings.toml', 'metrics', '--format', 'j'],
    ['process', '--topic', 'o'],
  )
  assert.deepEqual(commands, ['start', 'stop', 'status'])
  assert.deepEqual(globals, ['--version', '--config', '--daemon', '--pid-file', '--json-logs'])
  assert.deepEqual(process, ['--date', '--dry-run'])
  assert.deepEqual(formats, ['json', 'prometheus'])
  assert.deepEqual(shells, ['bash', 'zsh', 'fish'])
  assert.deepEqual(files, ['settings.toml'])
  assert.deepEqual(below, ['json'])
  assert.deepEqual(topics, ['offers', 'orders'])
})

test('the scripts of chronicle-packer and chronicle register different programs in every shell', async () => {
  for (const [shell, registers] of [
    ['bash', /^complete .* chronicle-packer$/m],
    ['zsh', /^#compdef chronicle-packer$/m],
    ['fish', /^complete -c chronicle-packer -f$/m],
  ] as const) {
    const packer = await runChronicle(['packer', 'completion', shell])
    assert.match(packer.stdout, registers)
    assert.doesNotMatch(packer.stdout, /_chronicle(?!__packer|-packer)/, `${shell}: no function of the other script`)
    const chronicle = await runChronicle(['completion', shell])
    assert.doesNotMatch(chronicle.stdout, /^(#compdef|complete) .*chronicle-packer( -f)?$|_chronicle__packer/m, shell)
  }
})

test('bash stays silent when no server answers', async () => {
  const [topics] = await complete(['consume', '--bootstrap', 'localhost', ':', '1', 'zz'])
  assert.deepEqual(topics, [])
})

test('every command and option is in the scripts of all shells', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await runChronicle(['completion', shell])
    assert.equal(code, 0)
    for (const word of [
      'standalone',
      'describe',
      'key-separator',
      'advertised-addr',
      'from-beginning',
      'max-messages',
    ]) {
      assert.ok(stdout.includes(word), `${shell}: ${word}`)
    }
    assert.ok(!stdout.includes('dual-storage') && !stdout.includes('raft'), 'hidden options stay hidden')
  }
})
