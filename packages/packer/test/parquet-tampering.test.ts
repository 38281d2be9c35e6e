/** PP10: whatever was done to an encrypted file, no plain one comes of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { packerErrors } from '../src/errors.ts'
import { decryptParquet } from '../src/parquet/index.ts'
import { ModuleCipher, type ModuleType, moduleTypes } from '../src/parquet/module-cipher.ts'
import { moduleName } from '../src/parquet/module-reader.ts'
import { encodeStruct, i32, i64, list, struct } from '../src/parquet/thrift.ts'
import { readStruct } from '../src/parquet/thrift-reader.ts'
import { encryptionOf, sourceOf } from './parquet-decrypt-support.ts'
import { modulesOf, openModule } from './parquet-modules.ts'
import { type Column, spec, writeFile } from './parquet-support.ts'

const ids = Array.from({ length: 240 }, (_, n) => n)
const columns: Column[] = [
  { spec: spec('time', 'int64', { meaning: 'timestamp_ns', dictionary: false }), values: ids.map(BigInt) },
  {
    spec: spec('app', 'string', { nullable: true, bloomFpp: 0.1 }),
    values: ids.map(n => (n % 4 ? `app ${n % 9}` : null)),
  },
  { spec: spec('more', 'int64', { dictionary: false }), values: ids.map(n => BigInt(n * 3)) },
]
const settings = { rowGroupRows: 120, pageBytes: 480 }
const encryption = encryptionOf()
const file = writeFile(columns, { ...settings, encryption })
const keys = { secret: encryption.key.export(), unique: encryption.aadFileUnique }
const other = writeFile(columns, { ...settings, encryption: encryptionOf(32, 'other---') })

/** The error of opening it, with a key store that has one key. */
function refusalOf(bytes: Uint8Array): unknown {
  const keyOf = (keyMetadata: Uint8Array) => {
    if (Buffer.from(keyMetadata).equals(Buffer.from(encryption.keyMetadata))) return encryption.key
    throw packerErrors.create('packer.parquet-damaged', { part: 'key metadata' })
  }
  try {
    for (const _ of decryptParquet(sourceOf(bytes), { keyOf }));
    return undefined
  } catch (error) {
    return error
  }
}

function assertRefused(bytes: Uint8Array, what: string): Error {
  const error = refusalOf(bytes)
  assert.ok(packerErrors.is(error), `${what}: ${error instanceof Error ? error.stack : 'opened'}`)
  assert.match(error.code, /^packer\.parquet-(damaged|unsupported)$/)
  return error
}

test('PP10: as it is, the file opens', () => {
  assert.equal(refusalOf(file), undefined)
})

test('PP10: any byte that is changed is noticed', () => {
  for (let at = 0; at < file.length; at++) {
    const changed = Buffer.from(file)
    changed[at]! ^= 1 << (at % 8)
    assertRefused(changed, `byte ${at}`)
  }
})

test('PP10: a file that is cut anywhere is refused', () => {
  for (let length = 0; length < file.length; length += 7) assertRefused(file.subarray(0, length), `${length} bytes`)
  const shorter = { ...sourceOf(file.subarray(0, file.length - 500)), size: file.length }
  assert.throws(() => [...decryptParquet(shorter, { keyOf: () => encryption.key })], { code: 'packer.parquet-damaged' })
})

test('PP10: a module whose length is not its own is refused', () => {
  const { modules } = modulesOf(file, keys)
  for (const { at } of modules.filter((_, n) => n % 3 === 0)) {
    for (const length of [0, 11, 27, 28, file.readUInt32LE(at) + 1, file.length, 0x7fff_ffff, 0xffff_ffff]) {
      const changed = Buffer.from(file)
      changed.writeUInt32LE(length, at)
      assertRefused(changed, `length ${length} at ${at}`)
    }
  }
})

test('PP10: random bytes, and random changes, end in a typed error', () => {
  const change = fc.record({ at: fc.nat(file.length - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }) })
  fc.assert(
    fc.property(change, ({ at, bytes }) => {
      const changed = Buffer.from(file)
      changed.set(bytes.subarray(0, file.length - at), at)
      if (!changed.equals(file)) assertRefused(changed, `${bytes.length} bytes at ${at}`)
    }),
    { numRuns: 300 },
  )
  const framed = fc.uint8Array({ maxLength: 300 }).map(middle => Buffer.concat([Buffer.from('PARE'), middle, end]))
  const end = Buffer.from('2000000050415245', 'hex')
  fc.assert(
    fc.property(framed, bytes => void assertRefused(bytes, bytes.toString('hex'))),
    { numRuns: 300 },
  )
})

test('what opens and is not what the format says ends in a file or in a typed error', () => {
  const { modules } = modulesOf(file, keys)
  const cipher = new ModuleCipher(encryption)
  const change = fc.record({ module: fc.nat(modules.length - 1), at: fc.nat(), byte: fc.nat(255) })
  const footerChange = fc.record({ module: fc.constant(0), at: fc.nat(), byte: fc.nat(255) })
  let opened = 0
  fc.assert(
    fc.property(fc.oneof(change, footerChange), ({ module, at, byte }) => {
      const { at: place, type, ordinals } = modules[module]!
      const content = openModule(file, modules[module]!, keys)
      content[at % content.length] = byte
      const changed = Buffer.from(file)
      changed.set(cipher.seal(content, type as ModuleType, ordinals), place)
      const error = refusalOf(changed)
      if (error === undefined) opened++
      else assert.ok(packerErrors.is(error), String(error))
    }),
    { numRuns: 400 },
  )
  assert.ok(opened > 0 && opened < 400, `${opened} opened`)
})

test('a version 2 page that is not one module is refused: nothing would tell whether its levels were changed', () => {
  const { modules } = modulesOf(file, keys)
  const page = modules.find(({ type }) => type === moduleTypes.dataPageHeader)!
  const header = readStruct(openModule(file, page, keys), 'header').struct
  const asV2 = encodeStruct({ ...header.fields, 1: i32(3), 3: i32(header.count(3) + 1) })
  const changed = Buffer.from(file)
  changed.set(new ModuleCipher(encryption).seal(asV2, moduleTypes.dataPageHeader, page.ordinals), page.at)
  const { message } = assertRefused(changed, 'a version 2 page')
  assert.match(message, /a version 2 page whose levels are not encrypted/)
})

test('an offset index that names other pages than there are is refused', () => {
  const { modules } = modulesOf(file, keys)
  const module = modules.find(({ type }) => type === moduleTypes.offsetIndex)!
  const index = readStruct(openModule(file, module, keys), 'index').struct
  const [first, ...others] = index.structs(1)
  const moved = struct({ ...first!.fields, 1: i64(first!.count(1) + 1) })
  const named = encodeStruct({ ...index.fields, 1: list([moved, ...others.map(({ fields }) => struct(fields))]) })
  const changed = Buffer.from(file)
  changed.set(new ModuleCipher(encryption).seal(named, moduleTypes.offsetIndex, module.ordinals), module.at)
  const { message } = assertRefused(changed, 'an offset index')
  assert.match(message, /part: offset index, row group 0, column 0, reason: it names other pages/)
})

test('PP10: two modules of one file in each other’s place, and one of another file, are noticed and named', () => {
  const modules = modulesOf(file, keys).modules.map(module => ({
    ...module,
    length: 4 + file.readUInt32LE(module.at),
    name: moduleName(module.type as ModuleType, module.ordinals),
  }))
  let swaps = 0
  for (const [n, a] of modules.entries()) {
    const from = other.subarray(a.at, a.at + a.length)
    const foreign = Buffer.from(file)
    foreign.set(from, a.at)
    assert.match(assertRefused(foreign, `module ${n} of another file`).message, new RegExp(`part: ${a.name}`))
    for (const b of modules.slice(n + 1).filter(module => module.length === a.length)) {
      const swapped = Buffer.from(file)
      swapped.set(file.subarray(a.at, a.at + a.length), b.at)
      swapped.set(file.subarray(b.at, b.at + b.length), a.at)
      assertRefused(swapped, `${a.name} and ${b.name}`)
      swaps++
    }
  }
  assert.ok(swaps > 20, `${swaps} swaps`)
})
