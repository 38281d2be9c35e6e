import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  bytes,
  configErrors,
  declareSettings,
  port,
  readConfigFile,
  renderSettingsTable,
  setting,
  suggest,
} from '../src/index.ts'

const common = { section: 'Test', help: 'Help.' }

test('C5: a name that is used twice, or a default that is not accepted, is a defect', () => {
  const first = setting({ key: 'a', env: 'CHRONIK_A', type: port, default: 1, ...common })
  const clashes = [
    setting({ key: 'a', env: 'CHRONIK_B', type: port, default: 1, ...common }),
    setting({ key: 'b', env: 'CHRONIK_A', type: port, default: 1, ...common }),
    setting({ key: 'b', env: 'CHRONICLE_A', type: port, default: 1, ...common }),
  ]
  for (const second of clashes) assert.throws(() => declareSettings({ first, second }), { name: 'AssertionError' })
  const outside = setting({ key: 'c', env: 'C', type: bytes({ min: 10 }), default: 9, ...common })
  assert.throws(() => declareSettings({ outside }), { name: 'AssertionError' })
})

test('the table of the docs has a row for each setting', () => {
  const settings = declareSettings({
    a: setting({
      key: 'a.b',
      env: 'CHRONIK_A',
      flag: '--a',
      type: bytes(),
      default: 2048,
      section: 'One',
      help: 'A|B.',
    }),
    c: setting({ key: 'c', env: 'CHRONICLE_C', type: port, defaultText: 'none', section: 'Two', help: 'C.' }),
  })
  assert.equal(
    renderSettingsTable(settings),
    `## One

| variable | flag | file | default | meaning |
|---|---|---|---|---|
| \`CHRONICLE_A\`, \`CHRONIK_A\` | \`--a\` | \`a.b\` | \`2KB\` | A\\|B. Accepted: ${bytes().accepts}. |

## Two

| variable | flag | file | default | meaning |
|---|---|---|---|---|
| \`CHRONICLE_C\` |  | \`c\` | none | C. Accepted: ${port.accepts}. |
`,
  )
})

test('the nearest name is suggested, a far one is not', () => {
  const names = ['kafka.port', 'kafka.bind-addr', 'http.port']
  assert.equal(suggest('kafka.prot', names), 'kafka.port')
  assert.equal(suggest('KAFKA.PORT', names), 'kafka.port')
  assert.equal(suggest('completely-different', names), undefined)
  assert.equal(suggest('x', ['y']), 'y')
  assert.equal(suggest('ab', ['xy']), undefined)
})

test('a file that cannot be read is refused with its path', () => {
  const directory = mkdtempSync(join(tmpdir(), 'config-'))
  try {
    const unreadable = (file: string) => (error: unknown) =>
      configErrors.is(error) && error.code === 'config.unreadable-file' && error.details.file === file
    const missing = join(directory, 'none.toml')
    assert.throws(() => readConfigFile(missing), unreadable(missing))
    assert.throws(() => readConfigFile(directory), unreadable(directory))
    const long = join(directory, 'long.toml')
    writeFileSync(long, '#'.repeat((1 << 20) + 1))
    assert.throws(() => readConfigFile(long), unreadable(long))
  } finally {
    rmSync(directory, { recursive: true })
  }
})
