import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { encodeFrame, frameDefaults } from '../src/frames/index.ts'
import type { Frame } from '../src/intake/contract.ts'
import { frameOf, jpeg, picture, png, refused, rgbaFrame } from './frames-support.ts'

const source = picture(120, 90)
const goodPng = await png(source)
const goodJpeg = await jpeg(source)

function chunk(type: string, content: Buffer): Buffer {
  const checked = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  crc.writeUInt32BE(crc32(checked))
  return Buffer.concat([length, checked, crc])
}

/** A PNG of RGB whose header says this size, with what follows the header. */
function pngOf(width: number, height: number, ...chunks: readonly Buffer[]): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  const begin = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([begin, chunk('IHDR', header), ...chunks, chunk('IEND', Buffer.alloc(0))])
}

test('PF1: a size beyond a limit is refused by the header, before anything is decoded', async () => {
  // There is nothing to decode in these: a decoder would find them invalid instead.
  const rows: readonly [image: Buffer, detail: RegExp][] = [
    [pngOf(100_000, 100_000, chunk('IDAT', Buffer.alloc(0))), /100000 × 100000.*sidePixelsMax is 16384/],
    [pngOf(16_384, 16_384, chunk('IDAT', Buffer.alloc(0))), /16384 × 16384: 268435456, pixelsMax is 21233664/],
  ]
  for (const [image, detail] of rows) {
    const refusal = await refused(frameOf('png', image))
    assert.equal(refusal.reason, 'too-large')
    assert.match(refusal.detail, detail)
  }
  const large = Buffer.from(goodJpeg)
  const sizeAt = large.indexOf(Buffer.from([0xff, 0xc0])) + 5
  large.writeUInt16BE(60_000, sizeAt)
  large.writeUInt16BE(60_000, sizeAt + 2)
  assert.equal((await refused(frameOf('jpeg', large))).reason, 'too-large')
  const raw = { width: 100_000, height: 100_000, stride: 400_000 }
  assert.equal((await refused(frameOf('rgba', Buffer.alloc(16), { raw }))).reason, 'too-large')
})

test('PF1: limits of bytes are held', async () => {
  const image = await refused(frameOf('png', goodPng), { imageBytesMax: goodPng.length - 1 })
  assert.equal(image.reason, 'too-large')
  const metadata = await refused(frameOf('png', goodPng, { metadata: '"ü"' }), { metadataBytesMax: 48 })
  assert.equal(metadata.reason, 'too-large')
  assert.match(metadata.detail, /metadataBytesMax is 48/)
})

test('PF1: only the decoder of the format that was said sees an image', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
  const rows: readonly [format: 'png' | 'jpeg', image: Buffer][] = [
    ['png', goodJpeg],
    ['jpeg', goodPng],
    ['png', svg],
    ['jpeg', svg],
    ['png', Buffer.alloc(0)],
  ]
  for (const [format, image] of rows) {
    const refusal = await refused(frameOf(format, image))
    assert.equal(refusal.reason, 'invalid-image')
    assert.match(refusal.detail, new RegExp(`does not begin like one of format ${format}`))
  }
})

test('what is cut, of no size or full of zeros is refused', async () => {
  const rows: readonly [format: 'png' | 'jpeg', image: Buffer][] = [
    ['png', goodPng.subarray(0, goodPng.length >> 1)],
    ['png', goodPng.subarray(0, 20)],
    ['png', pngOf(0, 10, chunk('IDAT', deflateSync(Buffer.alloc(0))))],
    ['png', pngOf(10, 10, chunk('IDAT', deflateSync(Buffer.alloc(5))))],
    ['jpeg', goodJpeg.subarray(0, goodJpeg.length >> 1)],
    ['jpeg', goodJpeg.subarray(0, 3)],
    ['jpeg', Buffer.concat([goodJpeg.subarray(0, 3), Buffer.alloc(5000)])],
  ]
  for (const [index, [format, image]] of rows.entries()) {
    assert.equal((await refused(frameOf(format, image))).reason, 'invalid-image', `row ${index}`)
  }
})

test('raw pixels have to be as many as they are said to be', async () => {
  const good = { width: 120, height: 90, stride: 480 }
  const rows: readonly [raw: Frame['raw'], detail: RegExp][] = [
    [undefined, /without width, height and stride/],
    [{ ...good, stride: 479 }, /stride: 479 bytes, accepted is 480 or more/],
    [{ ...good, width: 0 }, /0 × 90 pixels/],
    [{ ...good, height: 0 }, /120 × 0 pixels/],
    [{ ...good, width: -120 }, /width: -120/],
    [{ ...good, height: 89.5 }, /height: 89.5/],
    [{ ...good, height: Number.NaN }, /height: NaN/],
    [{ ...good, height: 91 }, /image: 43200 bytes, accepted is 43680 to 43680/],
    [{ ...good, height: 89 }, /image: 43200 bytes/],
    [{ ...good, stride: Number.MAX_SAFE_INTEGER }, /image: 43200 bytes/],
  ]
  for (const [raw, detail] of rows) {
    const refusal = await refused({ ...rgbaFrame(source), raw })
    assert.equal(refusal.reason, 'invalid-image')
    assert.match(refusal.detail, detail)
  }
})

test('PF2: a refusal holds the whole frame', async () => {
  const frame = frameOf('png', Buffer.from([1, 2, 3, 4, 5]), { sessionId: 'ä"\u0000' })
  const { image, ...fields } = JSON.parse(Buffer.from((await refused(frame)).content).toString('utf8'))
  assert.deepEqual(Buffer.from(image, 'base64'), frame.image)
  assert.deepEqual(fields, {
    timestamp_ns: frame.timestampNs.toString(),
    session_id: frame.sessionId,
    event_id: frame.eventId,
    format: 'png',
    metadata: frame.metadata,
  })
  const raw = { width: 1, height: 1, stride: 3 }
  // Longer than what is turned into text at a time.
  const long = Buffer.alloc(7_000_001, 'pixels')
  const refusal = JSON.parse(Buffer.from((await refused(frameOf('rgba', long, { raw }))).content).toString('utf8'))
  assert.deepEqual([refusal.width, refusal.height, refusal.stride], [1, 1, 3])
  assert.equal(Buffer.compare(Buffer.from(refusal.image, 'base64'), long), 0)
})

test('PF2: whatever bytes come, the answer is a file or a refusal', async () => {
  const formats = { png: goodPng, jpeg: goodJpeg }
  const format = fc.constantFrom('png' as const, 'jpeg' as const)
  const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { maxLength: 8 })
  const cut = fc.option(fc.double({ min: 0, max: 1, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(format, damage, cut, async (said, changes, end) => {
      const image = Buffer.from(formats[said])
      for (const [place, value] of changes) image[Math.floor(place * (image.length - 1))] = value
      const frame = frameOf(said, end === null ? image : image.subarray(0, Math.floor(end * image.length)))
      const result = await encodeFrame(frame, frameDefaults)
      assert.ok('reason' in result ? result.detail.length > 0 : result.bytes.length > 0)
    }),
    { numRuns: 150 },
  )
})
