import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChronicleError } from '@chronicle/base'
import fc from 'fast-check'
import {
  boolean,
  bytes,
  configErrors,
  declareSettings,
  duration,
  oneOf,
  parseConfigFile,
  path,
  port,
  resolveSettings,
  type Secret,
  type Sources,
  secret,
  setting,
  showSettings,
} from '../src/index.ts'

const section = 'Test'
const settings = declareSettings({
  port: setting({
    key: 'kafka.port',
    env: 'CHRONIK_KAFKA_PORT',
    flag: '--kafka-port',
    type: port,
    default: 9092,
    section,
    help: 'Port.',
  }),
  size: setting({
    key: 'wal.size',
    env: 'CHRONIK_WAL_SIZE',
    type: bytes({ min: 1024 }),
    default: 2048,
    section,
    help: 'Size.',
  }),
  wait: setting({ key: 'wal.wait', env: 'CHRONIK_WAL_WAIT', type: duration(), default: 100, section, help: 'Wait.' }),
  on: setting({ key: 'wal.on', env: 'CHRONIK_ON', type: boolean, default: false, section, help: 'On.' }),
  mode: setting({
    key: 'mode',
    env: 'CHRONIK_MODE',
    type: oneOf('low', 'high'),
    defaultText: 'chosen',
    section,
    help: 'Mode.',
  }),
  directory: setting({ key: 'dir', env: 'CHRONIK_DIR', type: path, default: './data', section, help: 'Directory.' }),
  http: setting({ key: 'http.port', env: 'CHRONICLE_PORT', type: port, default: 8700, section, help: 'HTTP.' }),
  level: setting({
    key: 'log.level',
    env: ['CHRONIK_LOG_LEVEL', 'LOG_LEVEL'],
    type: oneOf('debug', 'info'),
    default: 'info',
    section,
    help: 'Level.',
  }),
  password: setting({
    key: 'password',
    env: 'CHRONIK_PASSWORD',
    type: secret,
    defaultText: 'none',
    section,
    help: 'Password.',
  }),
})

function resolve(sources: Partial<Sources> & { toml?: string } = {}) {
  const { toml, ...rest } = sources
  const file = toml === undefined ? undefined : parseConfigFile('/etc/chronicle.toml', toml)
  return resolveSettings(settings, { flags: {}, environment: {}, directory: '/here', file, ...rest })
}

/** The refusal of `sources`, as its code and details. */
function refused(sources: Parameters<typeof resolve>[0]): ChronicleError {
  try {
    resolve(sources)
  } catch (error) {
    assert.ok(configErrors.is(error), String(error))
    return error
  }
  assert.fail('accepted')
}

test('defaults hold where nothing is set', () => {
  const { values, origins, warnings } = resolve()
  assert.equal(values.port, 9092)
  assert.equal(values.mode, undefined)
  assert.equal(values.directory, '/here/data')
  assert.deepEqual(origins.port, { kind: 'default', where: '' })
  assert.deepEqual(warnings, [])
})

test('C2: flags win over variables, they over the file, it over the default', () => {
  const places = fc.record({
    flag: fc.option(fc.integer({ min: 1, max: 65535 })),
    chronicle: fc.option(fc.integer({ min: 1, max: 65535 })),
    chronik: fc.option(fc.integer({ min: 1, max: 65535 })),
    file: fc.option(fc.integer({ min: 1, max: 65535 })),
  })
  fc.assert(
    fc.property(places, ({ flag, chronicle, chronik, file }) => {
      const { values, origins } = resolve({
        flags: flag === null ? {} : { '--kafka-port': String(flag) },
        environment: {
          ...(chronicle === null ? {} : { CHRONICLE_KAFKA_PORT: String(chronicle) }),
          ...(chronik === null ? {} : { CHRONIK_KAFKA_PORT: String(chronik) }),
        },
        toml: file === null ? '' : `[kafka]\nport = ${file}`,
      })
      assert.equal(values.port, flag ?? chronicle ?? chronik ?? file ?? 9092)
      const wheres = [
        [flag, '--kafka-port'],
        [chronicle, 'CHRONICLE_KAFKA_PORT'],
        [chronik, 'CHRONIK_KAFKA_PORT'],
        [file, '/etc/chronicle.toml:2'],
      ] as const
      assert.equal(origins.port.where, wheres.find(([value]) => value !== null)?.[1] ?? '')
    }),
  )
})

test('C2: a second name of a variable comes after the first, in both spellings', () => {
  const environment = { LOG_LEVEL: 'debug' }
  assert.equal(resolve({ environment }).values.level, 'debug')
  assert.equal(resolve({ environment: { ...environment, CHRONIK_LOG_LEVEL: 'info' } }).values.level, 'info')
  assert.equal(resolve({ environment: { LOG_LEVEL: 'x', CHRONICLE_LOG_LEVEL: 'debug' } }).values.level, 'debug')
})

test('an empty variable is not set', () => {
  assert.equal(resolve({ environment: { CHRONICLE_KAFKA_PORT: '', CHRONIK_KAFKA_PORT: '5' } }).values.port, 5)
})

test('every TOML form of a value is read', () => {
  const toml = 'mode = "high"\nwal.size = "4KB"\nwal.on = true\n[wal.x]\n'.replace('[wal.x]\n', '')
  const { values } = resolve({ toml: `${toml}[kafka]\nport = 1_234 # comment\n` })
  assert.deepEqual([values.mode, values.size, values.on, values.port], ['high', 4096, true, 1234])
})

test('paths in a file start from the directory of the file', () => {
  assert.equal(resolve({ toml: 'dir = "x"' }).values.directory, '/etc/x')
  assert.equal(resolve({ environment: { CHRONIK_DIR: 'x' } }).values.directory, '/here/x')
})

test('C3: a refusal names setting, origin, value and what is accepted', () => {
  assert.deepEqual(refused({ flags: { '--kafka-port': '99999' } }).details, {
    setting: 'kafka.port',
    from: '--kafka-port',
    value: '"99999"',
    accepted: 'a port number, 1 to 65535; 0 lets the system choose',
    didYouMean: undefined,
  })
  assert.equal(refused({ environment: { CHRONICLE_WAL_SIZE: '1' } }).details.from, 'CHRONICLE_WAL_SIZE')
  assert.equal(refused({ environment: { CHRONIK_WAL_WAIT: '100' } }).details.setting, 'wal.wait')
  assert.equal(refused({ toml: '\n[wal]\n\non = "perhaps"' }).details.from, '/etc/chronicle.toml:4')
  assert.equal(refused({ toml: 'mode = "hihg"' }).details.didYouMean, 'high')
  assert.equal(refused({ toml: 'mode = ["low"]' }).details.value, 'a list or a date')
  assert.equal(refused({ toml: 'mode = 2026-01-01' }).code, 'config.invalid-value')
})

test('C3: a refused value is not repeated at any length', () => {
  const error = refused({ environment: { CHRONIK_MODE: 'x'.repeat(10_000) } })
  assert.ok(error.message.length < 500)
})

test('an unknown key of the file is refused, with its line and the key that was meant', () => {
  const error = refused({ toml: '[kafka]\nprot = 1' })
  assert.equal(error.code, 'config.unknown-key')
  assert.deepEqual(error.details, { key: 'kafka.prot', at: '/etc/chronicle.toml:2', didYouMean: 'kafka.port' })
  assert.equal(refused({ toml: 'kafka = { prot = 1 }' }).details.at, '/etc/chronicle.toml:1')
  assert.equal(refused({ toml: '"kafka".prot = 1' }).details.at, '/etc/chronicle.toml:1')
  assert.equal(refused({ toml: '[[kafka]]\nport = 1' }).details.key, 'kafka')
})

test('a key of the file may have underscores for hyphens, and is there once', () => {
  const hyphened = declareSettings({
    workers: setting({
      key: 'pool.max-workers',
      env: 'CHRONICLE_W',
      type: port,
      default: 1,
      section,
      help: 'Workers.',
    }),
  })
  const of = (toml: string) => {
    const file = parseConfigFile('/etc/chronicle.toml', toml)
    return resolveSettings(hyphened, { flags: {}, environment: {}, directory: '/here', file }).values.workers
  }
  assert.equal(of('[pool]\nmax_workers = 7'), 7)
  assert.equal(of('[pool]\nmax-workers = 7'), 7)
  assert.throws(
    () => of('[pool]\nmax-workers = 7\nmax_workers = 8'),
    /chronicle.toml:3.*pool.max_workers is there twice/,
  )
})

test('a file that is no TOML is refused with its line', () => {
  const error = refused({ toml: 'mode = "low"\nwal = [' })
  assert.equal(error.code, 'config.invalid-file')
  assert.match(String(error.details.at), /^\/etc\/chronicle\.toml:2:/)
})

test('several refusals come together', () => {
  assert.throws(
    () => resolve({ environment: { CHRONIK_MODE: 'x', CHRONIK_WAL_SIZE: 'y' }, toml: 'z = 1' }),
    (error: AggregateError) => error.errors.length === 3 && error.errors.every(configErrors.is),
  )
})

test('an unknown variable of ours is warned about, others are nobody’s business', () => {
  const { warnings } = resolve({
    environment: {
      CHRONIK_KAFKA_PROT: '1',
      CHRONICLE_ELSE: '2',
      CHRONIK_PORT: '3',
      CHRONICLE_BOOTSTRAP: 'x',
      CHRONICLE_PACKER_ANY: 'y',
      CHRONICLE_PACKERS: 'z',
      PATH: '/bin',
    },
    otherVariables: ['CHRONICLE_BOOTSTRAP', 'CHRONICLE_PACKER_'],
  })
  assert.deepEqual(warnings, [
    'CHRONICLE_ELSE is not a setting and has no effect',
    'CHRONICLE_PACKERS is not a setting and has no effect',
    'CHRONIK_KAFKA_PROT is not a setting and has no effect; did you mean CHRONIK_KAFKA_PORT?',
    'CHRONIK_PORT is not a setting and has no effect; did you mean CHRONICLE_PORT?',
  ])
})

test('C4: a secret is neither shown nor told in a refusal', () => {
  const resolved = resolve({ environment: { CHRONIK_PASSWORD: 'hunter2' } })
  const shown = showSettings(settings, resolved).find(each => each.key === 'password')
  assert.equal(shown?.value, '***')
  assert.doesNotMatch(JSON.stringify(resolved), /hunter2/)
  assert.equal((resolved.values.password as Secret).reveal(), 'hunter2')
  assert.doesNotMatch(refused({ toml: 'password = [1]' }).message, /\[1\]|list/)
})
