import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  address,
  boolean,
  bytes,
  duration,
  hostPorts,
  integer,
  oneOf,
  path,
  port,
  type SettingType,
  secret,
} from '../src/index.ts'

const read = <T>(type: SettingType<T>, text: string): T | undefined => type.parse(text, '/here')

/** C1: what `format` writes, `parse` reads back as the same value. */
function roundTrips<T>(type: SettingType<T>, values: fc.Arbitrary<T>): void {
  fc.assert(fc.property(values, value => assert.deepEqual(read(type, type.format(value)), value)))
}

test('C1: bytes of any size survive being written and read', () => {
  roundTrips(bytes(), fc.maxSafeNat())
  roundTrips(
    bytes(),
    fc.tuple(fc.nat(1023), fc.constantFrom(2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40)).map(([count, unit]) => count * unit),
  )
})

test('C1: durations survive being written and read', () => {
  roundTrips(duration(), fc.maxSafeNat())
  roundTrips(
    duration(),
    fc.tuple(fc.nat(10_000), fc.constantFrom(1, 1000, 60_000, 3_600_000, 86_400_000)).map(([n, unit]) => n * unit),
  )
})

test('C1: numbers, truths and words survive too', () => {
  roundTrips(integer({ min: -1e9 }), fc.integer({ min: -1e9 }))
  roundTrips(boolean, fc.boolean())
  roundTrips(oneOf('low', 'high'), fc.constantFrom('low' as const, 'high' as const))
})

test('bytes are written as people write them', () => {
  const sizes = new Map([
    ['100KB', 102_400],
    ['250MB', 262_144_000],
    ['1GB', 1_073_741_824],
    ['1TB', 2 ** 40],
    ['1GiB', 2 ** 30],
    ['1 kb', 1024],
    ['1.5KB', 1536],
    ['4096', 4096],
    ['4096B', 4096],
    ['0', 0],
  ])
  for (const [text, size] of sizes) assert.equal(read(bytes(), text), size, text)
  for (const text of ['', 'KB', '-1', '1PB', '1.3B', '1e3', '0x10', '9007199254740993', '10 000', '1kbit', '5iB']) {
    assert.equal(read(bytes(), text), undefined, text)
  }
})

test('durations need a unit, unless the name of the setting says it', () => {
  const times = new Map([
    ['100ms', 100],
    ['30s', 30_000],
    ['5m', 300_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['0.5s', 500],
  ])
  for (const [text, ms] of times) assert.equal(read(duration(), text), ms, text)
  for (const text of ['30', '', 's', '1w', '-1s', '1.5ms', '1 s 2 ms']) {
    assert.equal(read(duration(), text), undefined, text)
  }
  assert.equal(read(duration({ plain: 'ms' }), '30'), 30)
  assert.equal(read(duration({ plain: 's' }), '60'), 60_000)
})

test('C3: bounds hold at both ends, and say so', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 200 }), value => {
      const isWithin = value >= 10 && value <= 100
      for (const type of [integer({ min: 10, max: 100 }), bytes({ min: 10, max: 100 })]) {
        assert.equal(read(type, String(value)), isWithin ? value : undefined)
      }
      assert.equal(read(duration({ min: 10, max: 100 }), `${value}ms`), isWithin ? value : undefined)
    }),
  )
  assert.match(bytes({ min: 1024, max: 2 ** 30 }).accepts, /1KB to 1GB/)
  assert.match(duration({ min: 100 }).accepts, /100ms or more/)
  assert.match(integer({ max: 7 }).accepts, /7 or less/)
})

test('no text makes a type throw or give what is out of bounds', () => {
  const types = [bytes({ max: 1e6 }), duration({ max: 1e6 }), integer({ min: 0, max: 1e6 }), port]
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...types), (text, type) => {
      const value = read(type, text)
      assert.ok(value === undefined || (Number.isSafeInteger(value) && value >= 0 && value <= 1e6))
    }),
  )
})

test('ports, truths and words', () => {
  assert.equal(read(port, '9092'), 9092)
  for (const text of ['-1', '65536', '90.5', 'http', '']) assert.equal(read(port, text), undefined, text)
  for (const text of ['true', 'YES', 'on', '1']) assert.equal(read(boolean, text), true, text)
  for (const text of ['false', 'No', 'off', '0']) assert.equal(read(boolean, text), false, text)
  assert.equal(read(boolean, 'maybe'), undefined)
  assert.equal(read(oneOf('low', 'high'), 'HIGH'), 'high')
  assert.equal(read(oneOf('low', 'high'), 'medium'), undefined)
})

test('servers are hosts with their ports', () => {
  for (const text of ['localhost:9092', '127.0.0.1:1,b.example:65535', '[::1]:9092'])
    assert.equal(read(hostPorts, text), text)
  const refused = [
    '',
    'localhost',
    'localhost:',
    ':9092',
    'a:0',
    'a:65536',
    'a:1,',
    'a:1, b:2',
    '::1:9092',
    'kafka://a:1',
    '[a:1',
  ]
  for (const text of refused) assert.equal(read(hostPorts, text), undefined, text)
})

test('addresses are names or IP addresses, without a port', () => {
  const accepted = ['localhost', '127.0.0.1', '0.0.0.0', '::1', 'broker.example.org', 'my_host', 'a-b.c']
  for (const text of accepted) assert.equal(read(address, text), text)
  assert.equal(read(address, '[::1]'), '::1')
  const refused = ['', 'localhost:9092', '127.0.0.1:80', '256.1.1.1', '1.2.3', 'a b', '-a', 'a-', 'a..b', 'http://x']
  for (const text of refused) assert.equal(read(address, text), undefined, text)
})

test('paths start from a directory, and secrets stay secret', () => {
  assert.equal(read(path, 'data'), '/here/data')
  assert.equal(read(path, '/data'), '/data')
  assert.equal(read(path, ''), undefined)
  assert.equal(read(path, 'a\0b'), undefined)
  const password = read(secret, 'hunter2')!
  assert.equal(secret.format(password), '***')
})
