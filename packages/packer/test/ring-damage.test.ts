import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { createRing, openRingReader, openRingWriter, packerErrors, ringStatus } from '../src/index.ts'
import { headerPageBytes, putPositionWord, readerAt, recordBytes, saltOf, writerAt } from '../src/ring/layout.ts'
import { fixed, payloadsOf, readAll, ringPath } from './ring-support.ts'

const code = (expected: string) => (error: unknown) => packerErrors.is(error) && error.code === expected

/** A ring with these payloads in it, the first `released` of them released. */
async function imageOf(
  path: string,
  payloads: readonly Buffer[],
  capacityBytes: number,
  released = 0,
): Promise<Buffer> {
  const writer = await openRingWriter({ path, capacityBytes, random: fixed().random })
  const reader = openRingReader({ path })
  for (const payload of payloads) assert.ok(await writer.write('events', payload, 0))
  if (released > 0) reader.release(readAll(reader).records[released - 1]!.next)
  writer.close()
  reader.close()
  return readFileSync(path)
}

const texts = ['first', 'the second record', 'x'.repeat(200), 'the fourth', 'y'.repeat(99), 'last']
const payloads = texts.map(text => Buffer.from(text))

/** Opens, reads everything, counts the bytes that are damaged. A typed refusal is an answer as well. */
function read(path: string): { texts: string[]; damagedBytes: number } | 'refused' {
  try {
    const reader = openRingReader({ path })
    try {
      reader.status()
      const { records, damage } = readAll(reader, 128)
      return {
        texts: payloadsOf(records),
        damagedBytes: damage.reduce((sum, each) => sum + each.next - each.position, 0),
      }
    } finally {
      reader.close()
    }
  } catch (error) {
    assert.ok(packerErrors.is(error), String(error))
    return 'refused'
  }
}

test('PR4: every byte of the ring changed in turn: never a crash, never a payload that was not written', async t => {
  const path = ringPath(t)
  const image = await imageOf(path, payloads, 1024, 1)
  const untouched = texts.slice(1)
  const recordsEnd = headerPageBytes + payloads.reduce((sum, { length }) => sum + recordBytes(length), 0)
  let refused = 0
  let damaged = 0
  for (let at = 0; at < image.length; at++) {
    if (at >= 512 && at < headerPageBytes) continue
    const changed = Buffer.from(image)
    changed[at]! ^= 1 << (at % 8)
    writeFileSync(path, changed, { mode: 0o600 })
    const seen = read(path)
    if (seen === 'refused') refused++
    else {
      // What was released may come again where the read position itself is lost.
      const known = seen.texts.every(text => texts.includes(text))
      assert.ok(known, `byte ${at}: ${seen.texts}`)
      if (seen.damagedBytes > 0) damaged++
      const whole = seen.texts.length - (seen.texts[0] === 'first' ? 1 : 0)
      assert.ok(whole === untouched.length || (whole === untouched.length - 1 && seen.damagedBytes > 0), `byte ${at}`)
    }
    if (at >= recordsEnd) assert.deepEqual(seen, { texts: untouched, damagedBytes: 0 })
  }
  assert.equal(refused, 64)
  assert.ok(damaged > 400)
})

test('PR4: a torn record is skipped and reported, and reading goes on behind it', async t => {
  const path = ringPath(t)
  const image = await imageOf(path, payloads, 1024)
  const second = headerPageBytes + recordBytes(payloads[0]!.length)
  const third = second + recordBytes(payloads[1]!.length)
  const cases = [
    { from: second, to: third, reason: 'not the header of a record' },
    { from: second + 40, to: second + 41, reason: 'the checksum of the payload is wrong' },
    { from: second + 8, to: second + 16, reason: 'not the header of a record' },
  ]
  for (const { from, to, reason } of cases) {
    writeFileSync(path, Buffer.from(image).fill(0xee, from, to), { mode: 0o600 })
    const reader = openRingReader({ path })
    const { records, damage } = readAll(reader)
    assert.deepEqual(payloadsOf(records), [texts[0], ...texts.slice(2)])
    assert.deepEqual(damage, [{ position: second - headerPageBytes, next: third - headerPageBytes, reason }])
    reader.close()
  }
})

test('PR4: a large ring full of rubbish is read to its end in bounded steps', async t => {
  const path = ringPath(t)
  const image = await imageOf(path, Array(40).fill(Buffer.alloc(20_000, 7)), 1024 * 1024)
  image.fill(0xab, headerPageBytes, headerPageBytes + 600_000)
  writeFileSync(path, image, { mode: 0o600 })
  const reader = openRingReader({ path })
  let reads = 0
  let damaged = 0
  let records = 0
  for (let slice = reader.read(65536); slice; slice = reader.read(65536), reads++) {
    for (const { position, next } of slice.damage) damaged += next - position
    records += slice.records.length
  }
  assert.equal(damaged + records * 20_032, 40 * 20_032)
  assert.ok(records >= 9 && reads <= 20, `${records} records in ${reads} reads`)
  reader.close()
})

test('PR4: a payload that holds a copy of a record is served as one payload, also when what is before it is torn', async t => {
  const path = ringPath(t)
  const other = await imageOf(ringPath(t), [Buffer.alloc(96), Buffer.from('planted')], 1024)
  // The planted record has the position at which it lies here, and comes from a ring with another id.
  const planted = other.subarray(headerPageBytes + 128, headerPageBytes + 128 + 40)
  await createRing({ path, capacityBytes: 1024 })
  const payload = Buffer.concat([Buffer.alloc(96), planted])
  const image = await imageOf(path, [payload, Buffer.from('behind')], 1024)
  image[headerPageBytes]! ^= 1
  writeFileSync(path, image, { mode: 0o600 })
  const reader = openRingReader({ path })
  assert.deepEqual(payloadsOf(readAll(reader).records), ['behind'])
  reader.close()
})

test('PR6: what is no ring, or none that can be used, is refused by name', async t => {
  const path = ringPath(t)
  const image = await imageOf(path, payloads, 1024)
  const refused = (bytes: Buffer, expected: string) => {
    writeFileSync(path, bytes, { mode: 0o600 })
    assert.throws(() => openRingReader({ path }), code(expected))
    assert.throws(() => ringStatus(path), code(expected))
  }
  refused(Buffer.from('not a ring'), 'packer.ring-foreign-file')
  refused(Buffer.alloc(0), 'packer.ring-foreign-file')
  refused(Buffer.alloc(10_000), 'packer.ring-foreign-file')
  refused(image.subarray(0, image.length - 1), 'packer.ring-damaged')
  refused(Buffer.concat([image, Buffer.alloc(1)]), 'packer.ring-damaged')
  writeFileSync(path, image)
  chmodSync(path, 0o644)
  assert.throws(() => openRingReader({ path }), code('packer.ring-unusable'))
  rmSync(path)
  assert.throws(() => openRingReader({ path }), code('packer.ring-missing'))
  mkdirSync(path)
  assert.throws(() => openRingReader({ path }), code('packer.ring-unusable'))
  rmSync(path, { recursive: true })
  writeFileSync(`${path}.real`, image, { mode: 0o600 })
  symlinkSync(`${path}.real`, path)
  assert.throws(() => openRingReader({ path }), code('packer.ring-unusable'))
})

test('a ring that is cut short under a reader is refused by name', async t => {
  const path = ringPath(t)
  await imageOf(path, payloads, 1024)
  const reader = openRingReader({ path })
  truncateSync(path, headerPageBytes + 100)
  assert.throws(() => reader.read(1024), code('packer.ring-damaged'))
  reader.close()
})

/** Stores a position, or destroys its word. */
function withPosition(image: Buffer, at: number, position: number | undefined): Buffer {
  const changed = Buffer.from(image)
  if (position === undefined) changed[at]! ^= 0xff
  else putPositionWord(changed, at, position, saltOf(image.subarray(16, 32)))
  return changed
}

test('PR7: each side sets right its own position, and loses nothing that is there', async t => {
  const path = ringPath(t)
  const image = await imageOf(path, payloads, 1024, 1)
  const released = recordBytes(payloads[0]!.length)
  const cases = [
    { wrong: 'write position torn', image: withPosition(image, writerAt.position, undefined), first: 1 },
    { wrong: 'write position below the read position', image: withPosition(image, writerAt.position, 0), first: 1 },
    { wrong: 'read position torn', image: withPosition(image, readerAt.position, undefined), first: 0 },
  ]
  for (const each of cases) {
    for (const opens of ['writer first', 'reader first']) {
      writeFileSync(path, each.image, { mode: 0o600 })
      const early = opens === 'writer first' ? await openRingWriter({ path }) : undefined
      const reader = openRingReader({ path })
      const writer = early ?? (await openRingWriter({ path }))
      assert.ok(await writer.write('events', Buffer.from('new'), 0))
      const { records, damage } = readAll(reader)
      assert.deepEqual(payloadsOf(records), [...texts.slice(each.first), 'new'], `${each.wrong}, ${opens}`)
      assert.deepEqual(damage, [])
      assert.equal(records[0]!.position, each.first === 0 ? 0 : released)
      writer.close()
      reader.close()
    }
  }
})

test('PR7: a ring with both positions torn is refused by both sides', async t => {
  const path = ringPath(t)
  const image = await imageOf(path, payloads, 1024)
  const torn = withPosition(withPosition(image, writerAt.position, undefined), readerAt.position, undefined)
  writeFileSync(path, torn, { mode: 0o600 })
  assert.throws(() => openRingReader({ path }), code('packer.ring-damaged'))
  await assert.rejects(openRingWriter({ path }), code('packer.ring-damaged'))
})

test('PR2: a running side believes no position that cannot be', async t => {
  const path = ringPath(t)
  await createRing({ path, capacityBytes: 1024 })
  const writer = await openRingWriter({ path })
  const reader = openRingReader({ path })
  await writer.write('events', Buffer.alloc(100), 0)
  const { next } = reader.read(1024)!
  const good = readFileSync(path)
  for (const position of [undefined, 0, next + 1032]) {
    writeFileSync(path, withPosition(good, writerAt.position, position))
    assert.throws(() => reader.read(1024), code('packer.ring-damaged'))
  }
  writeFileSync(path, good)
  reader.close()
  // A writer takes nothing for free that it does not know to be: 888 bytes are, and not one more.
  for (const position of [undefined, 2 ** 20]) {
    writeFileSync(path, withPosition(readFileSync(path), readerAt.position, position))
    for (const fits of position === undefined ? [true, true, false] : [false]) {
      assert.equal(await writer.write('events', Buffer.alloc(400), 0), fits)
    }
  }
  writer.close()
})
