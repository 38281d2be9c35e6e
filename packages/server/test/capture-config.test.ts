import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runChronicle } from '@chronicle/testing'

const directory = mkdtempSync(join(tmpdir(), 'capture-config-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const file = join(directory, 'capture.toml')

function config(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return runChronicle(['capture', 'config', ...args], { env: { XDG_CONFIG_HOME: directory, ...env } })
}

test('the file that config prints holds every setting, and is accepted as it stands when nothing is commented out', async () => {
  const printed = (await config([])).stdout
  const settings = printed.split('\n').filter(line => /^# \w+\.\w+ = /.test(line))
  const given = settings.map(line => line.slice(2)).filter(line => !line.includes(' = ""'))
  writeFileSync(file, given.join('\n'))
  const shown = JSON.parse((await config(['--config', file, '--show', '--json'])).stdout)
  assert.equal(Object.keys(shown).length, settings.length)
  const fromFile = Object.values<{ source: string }>(shown).filter(({ source }) => source === 'file')
  assert.equal(fromFile.length, given.length)
  assert.equal(shown['storage.batch_window_seconds'].value, '30')
})

test('a flag wins over a variable, that over the file; one of the packer is none of ours, and a mistyped one is told', async () => {
  writeFileSync(
    file,
    '[storage]\nbatch_window_seconds = 5\ndatabase_path = "from-file.db"\nbootstrap_servers = "h:1"\n',
  )
  const env = {
    CHRONICLE_CAPTURE_CONFIG: file,
    CHRONICLE_CAPTURE_BOOTSTRAP_SERVERS: 'h:2',
    CHRONICLE_PACKER_RING_BUFFER_SIZE: '8MB',
    CHRONICLE_CAPTURE_BUSS: 'x',
  }
  const { stdout, stderr, code } = await config(['--show', '--json', '--database', 'flag.db'], env)
  assert.equal(code, 0)
  const shown = JSON.parse(stdout)
  const [seconds, database, brokers] = ['batch_window_seconds', 'database_path', 'bootstrap_servers'].map(
    name => shown[`storage.${name}`],
  )
  assert.deepEqual([seconds.value, seconds.source], ['5', 'file'])
  assert.deepEqual([database.source, database.from], ['flag', '--database'])
  assert.deepEqual([brokers.value, brokers.source], ['h:2', 'environment'])
  assert.match(
    stderr,
    /CHRONICLE_CAPTURE_BUSS is not a setting and has no effect; did you mean CHRONICLE_CAPTURE_BUS\?/,
  )
  assert.doesNotMatch(stderr, /PACKER/)
})

test('what is not accepted is refused with exit code 2: a process of its own has no bus but topics', async () => {
  const refused = await config(['--show'], { CHRONICLE_CAPTURE_BUS: 'in-process' })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /storage\.bus[\s\S]*accepted +one of topics/)
  const help = await runChronicle(['capture'])
  assert.match(help.stderr, /Commands:\n {2}run [\s\S]*status [\s\S]*config /)
})
