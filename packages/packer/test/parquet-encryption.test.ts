/** PP8: every part of an encrypted file is sealed by itself, for its place, under a nonce of its own. */
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { modulesOf, openModule } from './parquet-modules.ts'
import { type Column, type Settings, type Struct, spec, writeFile } from './parquet-support.ts'

const secret = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')
const keyMetadata = Buffer.from('which key')
const fileUnique = Buffer.from('0011223344556677', 'hex')

const ids = Array.from({ length: 500 }, (_, n) => n)
const columns: Column[] = [
  { spec: spec('time', 'int64', { meaning: 'timestamp_ns' }), values: ids.map(BigInt) },
  {
    spec: spec('app', 'string', { nullable: true, bloomFpp: 0.1, codec: 'SNAPPY' }),
    values: ids.map(n => (n % 4 ? `app ${n % 9}` : null)),
  },
]

function settings(aadFileUnique: Uint8Array = fileUnique): Settings {
  const encryption = { key: createSecretKey(secret), keyMetadata, aadFileUnique, random: seededRandom(4711) }
  return { rowGroupRows: 200, pageBytes: 256, encryption }
}

const keys = { secret, unique: fileUnique }

function open(file: Buffer, at: number, type: number, ordinals: readonly number[], unique = fileUnique): Buffer {
  return openModule(file, { at, type, ordinals }, { secret, unique })
}

const file = writeFile(columns, settings())

test('PP8: the file says how it is encrypted and names its key, and nothing else', () => {
  assert.equal(file.subarray(0, 4).toString(), 'PARE')
  assert.equal(file.subarray(-4).toString(), 'PARE')
  const { crypto, footer } = modulesOf(file, keys)
  assert.deepEqual(crypto, { 1: { 1: { 2: fileUnique } }, 2: keyMetadata })
  for (const group of footer[4] as Struct[]) {
    for (const chunk of group[1] as Struct[]) assert.deepEqual(chunk[8], { 1: {} })
  }
  for (const word of ['app', 'time', 'chronicle']) assert.equal(file.includes(word), false)
})

test('PP8: all modules open at their places, cover the whole file and never share a nonce', () => {
  const { modules } = modulesOf(file, keys)
  for (const { at, type, ordinals } of modules) open(file, at, type, ordinals)
  assert.deepEqual(new Set(modules.map(module => module.type)), new Set([0, 2, 3, 4, 5, 6, 7, 8, 9]))
  const nonces = modules.map(({ at }) => file.subarray(at + 4, at + 16).toString('hex'))
  assert.equal(new Set(nonces).size, modules.length)
  let end = 4
  for (const { at } of modules.toSorted((a, b) => a.at - b.at).slice(0, -1)) {
    assert.equal(at, end)
    end = at + 4 + file.readUInt32LE(at)
  }
})

test('PP8: a module opens at no other place, in no other file, and not after a change', () => {
  const { modules } = modulesOf(file, keys)
  for (const { at, type, ordinals } of modules.filter((_, n) => n % 5 === 0)) {
    assert.throws(() => open(file, at, (type + 1) % 10, ordinals))
    for (const moved of ordinals.keys()) {
      const elsewhere = ordinals.map((ordinal, n) => (n === moved ? ordinal + 1 : ordinal))
      assert.throws(() => open(file, at, type, elsewhere))
    }
    assert.throws(() => open(file, at, type, ordinals, Buffer.alloc(8)))
    const changed = Buffer.from(file)
    changed[at + 16]! ^= 1
    assert.throws(() => open(changed, at, type, ordinals))
  }
})

test('PP8: the same rows under other file-unique bytes share no module', () => {
  const other = writeFile(columns, settings(Buffer.alloc(8, 1)))
  assert.throws(() => open(other, file.length - 8 - file.readUInt32LE(file.length - 8), 0, []))
})

test('PP2: a chunk in an encrypted file has no more pages than can be numbered', () => {
  const values = Array.from({ length: 40_000 }, () => 'x'.repeat(80))
  const { encryption } = settings()
  const options = { encryption, rowGroupRows: 40_000, pageBytes: 64 }
  const many = writeFile([{ spec: spec('a', 'string', { dictionary: false, statistics: false }), values }], options)
  const pages = modulesOf(many, keys).modules.filter(module => module.type === 2)
  assert.equal(pages.length, 20_000)
})
