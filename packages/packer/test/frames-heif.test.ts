import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { box, fullBox, text, type, uint } from '../src/frames/boxes.ts'
import { itemBytes } from '../src/frames/heif.ts'
import { frameDefaults, readHeif } from '../src/frames/index.ts'
import { parseHeif } from '../src/frames/parse-heif.ts'
import { BadFrame } from '../src/frames/refusal.ts'
import { writeHeif } from '../src/frames/write-heif.ts'

/** A frame of 40 × 24 pixels with alpha and a thumbnail of 16 × 10, as version 0.1.0 wrote it. */
const golden = readFileSync(join(import.meta.dirname, 'golden/frame-v1.heif'))

test('a file that was written once is read for ever', async () => {
  const { xmp, ...found } = await readHeif(golden, frameDefaults)
  assert.ok(xmp?.startsWith('<?xpacket'))
  assert.deepEqual(found, {
    width: 40,
    height: 24,
    brands: ['avif', 'mif1', 'avif', 'miaf'],
    items: [
      { id: 1, type: 'av01', bytes: found.items[0]!.bytes },
      { id: 2, type: 'av01', bytes: found.items[1]!.bytes },
      { id: 3, type: 'av01', bytes: found.items[2]!.bytes },
      { id: 4, type: 'av01', bytes: found.items[3]!.bytes },
      { id: 5, type: 'Exif', bytes: 194 },
      { id: 6, type: 'mime', bytes: 560 },
    ],
    thumbnail: { width: 16, height: 10 },
    exif: {
      Software: 'Chronicle',
      DateTimeOriginal: '2025:11:21 14:00:00',
      OffsetTimeOriginal: '+00:00',
      SubSecTimeOriginal: '123456789',
      ImageUniqueID: '0f8fad5b-d9cb-469f-a165-70867728950e',
    },
    identity: {
      timestampNs: 1_763_733_600_123_456_789n,
      sessionId: 'session-1',
      eventId: '0f8fad5b-d9cb-469f-a165-70867728950e',
      metadata: '{"display":1}',
    },
    decoded: true,
  })
})

test('taken apart and put together again, the file is the same to the byte', () => {
  assert.equal(Buffer.compare(writeHeif(parseHeif(golden)), golden), 0)
})

test('PF6: whatever is changed or cut in a file, it is taken apart or refused', () => {
  const place = fc.nat(golden.length - 1)
  const change = fc.tuple(place, fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 6 }), fc.option(place), (changes, end) => {
      const damaged = Buffer.from(golden)
      for (const [at, value] of changes) damaged[at] = value
      try {
        parseHeif(end === null ? damaged : damaged.subarray(0, end))
      } catch (error) {
        assert.ok(error instanceof BadFrame, `${error}`)
      }
    }),
    { numRuns: 5000 },
  )
})

test('readHeif says what is wrong with a file', async () => {
  await assert.rejects(readHeif(golden.subarray(0, 100), frameDefaults), { code: 'packer.frame-unreadable' })
  const damaged = Buffer.from(golden)
  damaged.fill(0, golden.length - 400)
  await assert.rejects(readHeif(damaged, frameDefaults), { code: 'packer.frame-unreadable' })
  for (const width of [39, 41]) {
    const other = Buffer.from(golden)
    other.writeUInt32BE(width, other.indexOf('ispe') + 8)
    await assert.rejects(readHeif(other, frameDefaults), { code: 'packer.frame-unreadable' }, `a width of ${width}`)
  }
})

const fileType = box('ftyp', type('heic'), uint(0, 4), type('mif1'))
const handler = fullBox('hdlr', 0, uint(0, 4), type('pict'), Buffer.alloc(12), text(''))
const spatial = fullBox('ispe', 0, uint(6, 4), uint(4, 4))

/** A file as other programs write them: version 1 of iloc with data in idat, in pieces, offsets of 8 bytes, ids and places of their larger forms. */
function foreignFile(iloc: Buffer, more: readonly Buffer[] = []): Buffer {
  const infe = box('infe', uint(3, 1), uint(1, 3), uint(70_000, 4), uint(0, 2), type('hvc1'), text('a name'))
  const ipma = box('ipma', uint(1, 1), uint(1, 3), uint(1, 4), uint(70_000, 4), uint(1, 1), uint(0x8001, 2))
  const parts = [handler, fullBox('pitm', 1, uint(70_000, 4)), iloc, fullBox('iinf', 1, uint(1, 4), infe), ...more]
  const meta = fullBox('meta', 0, ...parts, box('iprp', box('ipco', spatial), ipma))
  const large = Buffer.concat([uint(1, 4), type('free'), uint(0, 4), uint(20, 4), uint(0, 4)])
  return Buffer.concat([fileType, large, meta])
}

function ilocOf(...extents: readonly (readonly [offset: number, length: number])[]): Buffer {
  const pieces = extents.flatMap(([offset, length]) => [uint(0, 4), uint(offset, 4), uint(length, 4)])
  const item = [uint(70_000, 4), uint(1, 2), uint(0, 2), uint(extents.length, 2), ...pieces]
  return fullBox('iloc', 2, uint(0x8400, 2), uint(1, 4), ...item)
}

test('files of other programs: the larger forms of each box, data inside of meta', () => {
  const idat = box('idat', Buffer.from('abcdefgh'))
  const heif = parseHeif(foreignFile(ilocOf([4, 2], [0, 3]), [idat]))
  const [item] = heif.items
  assert.deepEqual([heif.primaryId, item?.type, item?.hidden], [70_000, 'hvc1', true])
  assert.equal(Buffer.concat(item!.extents).toString(), 'efabc')
  assert.deepEqual(
    item!.properties.map(({ type: name, essential }) => [name, essential]),
    [['ispe', true]],
  )
  const rest = parseHeif(foreignFile(ilocOf([5, 0]), [idat]))
  assert.equal(itemBytes(rest.items[0]!), 3, 'a length of 0 is what is left')
})

test('PF6: pieces and items beyond their limits are refused before they are gone through', () => {
  const many = Buffer.concat([uint(70_000, 4), uint(0, 2), uint(0, 2), uint(0xffff, 2)])
  const huge = fullBox('iloc', 2, uint(0, 2), uint(2, 4), many, many)
  assert.throws(() => parseHeif(foreignFile(huge)), { reason: 'too-large', message: /extentsMax is 65536/ })
  const items = fullBox('iloc', 2, uint(0, 2), uint(0xffff_ffff, 4))
  assert.throws(() => parseHeif(foreignFile(items)), { reason: 'too-large', message: /itemsMax is 4096/ })
})
