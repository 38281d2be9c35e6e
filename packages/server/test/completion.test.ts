import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, runChronicle, startChronicle } from '@chronicle/testing'

const scratch = mkdtempSync(join(tmpdir(), 'chronicle-completion-'))
const program = new URL('../bin/chronicle.js', import.meta.url).pathname
let server: ChronicleProcess
before(async () => {
  server = await startChronicle()
  for (const topic of ['orders', 'offers', 'notes']) {
    await runChronicle(['topics', 'create', topic, '--bootstrap', server.bootstrap])
  }
  const { stdout } = await runChronicle(['completion', 'bash'])
  writeFileSync(join(scratch, 'completion.bash'), stdout)
})
after(async () => {
  await server.stop()
  rmSync(scratch, { recursive: true, force: true })
})

/** What a bash that has loaded the script offers after each of `lines`, their last word being completed. */
async function complete(...lines: readonly (readonly string[])[]): Promise<string[][]> {
  const asks = lines.map(words => {
    const quoted = words.map(word => `'${word}'`).join(' ')
    return `COMP_WORDS=(chronicle ${quoted}); COMP_CWORD=${words.length}; _chronicle; echo "\${COMPREPLY[@]}"`
  })
  const call = `chronicle() { '${process.execPath}' '${program}' "$@"; }`
  const script = [`source ${join(scratch, 'completion.bash')}`, call, ...asks].join('\n')
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
