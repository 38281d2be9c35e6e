import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import type { ImageFacts } from '../src/image/contract.ts'
import { imageHash } from '../src/image/image-hash.ts'
import { measureImage } from '../src/image/measure-image.ts'
import { limits, noPause, png, pngChunk, pngOf, textPage } from './image-support.ts'

const page = textPage({ width: 120, height: 90, fontPixels: 14, share: 1 })
const good = {
  png: await png(page),
  jpeg: await sharp(page).jpeg().toBuffer(),
  webp: await sharp(page).webp().toBuffer(),
}

function facts(image: Uint8Array, changes: Partial<typeof limits> = {}): Promise<ImageFacts> {
  return measureImage(image, { ...limits, ...changes }, noPause)
}

test('the hash of an image is BLAKE3', () => {
  // The first test vectors of BLAKE3.
  assert.equal(imageHash(Buffer.alloc(0)), 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262')
  assert.equal(imageHash(Buffer.alloc(1)), '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213')
})

test('CS7: what a header says is too large is refused before anything is decoded', async () => {
  // There is nothing to decode in these: a decoder would find them unreadable instead.
  const nothing = pngChunk('IDAT', Buffer.alloc(0))
  for (const [width, height] of [
    [100_000, 100_000],
    [5761, 5760],
  ] as const) {
    const { refusal, ...known } = await facts(pngOf(width, height, nothing))
    assert.equal(refusal?.reason, 'too-many-pixels')
    assert.match(refusal.detail, new RegExp(`${width} × ${height} pixels, accepted are ${limits.pixelsMax}`))
    assert.deepEqual([known.width, known.height, known.measures], [width, height, undefined])
  }
})

test('CS7: a large image in a few bytes is measured within its limit, or refused', async () => {
  const row = Buffer.alloc(1 + 5760 * 3)
  const bomb = pngOf(5760, 5760, pngChunk('IDAT', deflateSync(Buffer.concat(Array(5760).fill(row)))))
  assert.ok(bomb.length < 200_000)
  const measured = await facts(bomb)
  assert.deepEqual(measured.measures?.dominantColors, ['#000000'])
  assert.equal((await facts(bomb, { pixelsMax: 1_000_000 })).refusal?.reason, 'too-many-pixels')
})

test('CS7: only the decoder of the format that was found sees the bytes', async () => {
  const rows = [page, Buffer.from('GIF89a'), Buffer.from('%PDF-1.7'), Buffer.from('BM6'), Buffer.from('II*\0')]
  for (const image of rows) assert.equal((await facts(image)).refusal?.reason, 'unknown-format')
})

test('what is cut is unreadable; what its header says is kept', async () => {
  for (const [format, image] of Object.entries(good)) {
    const cut = await facts(image.subarray(0, image.length >> 1))
    assert.equal(cut.refusal?.reason, 'unreadable', format)
    assert.match(cut.refusal.detail, new RegExp(`^${format}: `))
    assert.equal(cut.format, format)
    assert.equal(cut.measures, undefined)
  }
  const { width, height } = await facts(good.png.subarray(0, good.png.length >> 1))
  assert.deepEqual([width, height], [120, 90])
  assert.equal((await facts(good.png.subarray(0, 20))).refusal?.reason, 'unreadable')
})

test('CS7: whatever bytes come, the answer says what is known and why the rest is not', async () => {
  const damage = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { maxLength: 8 })
  const cut = fc.option(fc.double({ min: 0, max: 1, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.values(good)), damage, cut, async (source, changes, end) => {
      const image = Buffer.from(source)
      for (const [place, value] of changes) image[Math.floor(place * (image.length - 1))] = value
      const bytes = end === null ? image : image.subarray(0, Math.floor(end * image.length))
      const { measures, refusal } = await facts(bytes)
      assert.ok((measures === undefined) !== (refusal === undefined))
      assert.ok(refusal === undefined || refusal.detail.length > 0)
    }),
    { numRuns: 100 },
  )
})
