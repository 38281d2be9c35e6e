import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { frameDefaults, readHeif } from '../src/frames/index.ts'
import { parseHeif } from '../src/frames/parse-heif.ts'
import { writeHeif } from '../src/frames/write-heif.ts'
import { encoded, frameOf, jpeg, type Picture, picture, png, rgbaFrame } from './frames-support.ts'

const read = (bytes: Uint8Array) => readHeif(bytes, frameDefaults)

/** Mean difference of a channel between a decoded file and what it was made of. */
async function difference(bytes: Uint8Array, { width, height, data }: Picture): Promise<number> {
  const decoded = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  assert.deepEqual([decoded.info.width, decoded.info.height, decoded.info.channels], [width, height, 4])
  const sum = decoded.data.reduce((total, value, at) => total + Math.abs(value - data[at]!), 0)
  return sum / data.length
}

const colourDifferenceMax = 6

for (const format of ['png', 'jpeg', 'rgba'] as const) {
  test(`a frame that comes as ${format} becomes a HEIF file with its pixels`, async () => {
    const source = picture(403, 251)
    const image = format === 'png' ? await png(source) : format === 'jpeg' ? await jpeg(source) : undefined
    const result = await encoded(image ? frameOf(format, image) : rgbaFrame(source))
    assert.deepEqual([result.width, result.height, result.format], [403, 251, 'heif'])
    const { width, height, brands, items, decoded } = await read(result.bytes)
    assert.deepEqual({ width, height, decoded }, { width: 403, height: 251, decoded: true })
    assert.ok(brands.includes('mif1') && brands.includes('avif'))
    assert.deepEqual(items.map(item => item.type).toSorted(), ['Exif', 'av01', 'av01', 'mime'])
    const found = await difference(result.bytes, source)
    assert.ok(found < colourDifferenceMax, `the pixels differ by ${found} on average`)
  })
}

test('PF4: the file says exactly which frame it is', async () => {
  const identity = {
    timestampNs: 9_223_372_036_854_775_807n,
    sessionId: 'Sitzung <1> & „zwei“',
    eventId: 'e\u0001_x0041_',
    metadata: '{"title":"a ]]> b","n":[1,2]}',
  }
  const { bytes } = await encoded(rgbaFrame(picture(20, 10), identity))
  const { identity: found, exif } = await read(bytes)
  assert.deepEqual(found, identity)
  assert.deepEqual(exif, {
    Software: 'Chronicle',
    DateTimeOriginal: '2262:04:11 23:47:16',
    OffsetTimeOriginal: '+00:00',
    SubSecTimeOriginal: '854775807',
    ImageUniqueID: undefined,
  })
})

test('PF5: a frame larger than a thumbnail has one in its file, which decodes by itself', async () => {
  const source = picture(400, 250)
  const { bytes } = await encoded(rgbaFrame(source), { thumbnailPixelsMax: 80 })
  assert.deepEqual((await read(bytes)).thumbnail, { width: 80, height: 50 })
  const heif = parseHeif(bytes)
  const thumbnail = heif.references.find(reference => reference.type === 'thmb')!
  assert.deepEqual(thumbnail.to, [heif.primaryId])
  const alone = writeHeif({ ...heif, primaryId: thumbnail.from, references: [] })
  const small = await sharp(source.data, { raw: { width: 400, height: 250, channels: 4 } })
    .resize(80)
    .raw()
    .toBuffer()
  const found = await difference(alone, { width: 80, height: 50, data: small })
  assert.ok(found < colourDifferenceMax, `the thumbnail differs by ${found} on average`)
})

test('PF5: a frame that is not larger than a thumbnail has none', async () => {
  const { bytes } = await encoded(rgbaFrame(picture(80, 60)), { thumbnailPixelsMax: 80 })
  assert.equal((await read(bytes)).thumbnail, undefined)
})

test('the smallest frame there is', async () => {
  const { bytes } = await encoded(rgbaFrame(picture(1, 1)))
  assert.deepEqual([(await read(bytes)).width, (await read(bytes)).height], [1, 1])
})

test('padding at the end of rows is left out, and the last row may come without', async () => {
  const source = picture(61, 33)
  const stride = 61 * 4 + 52
  const padded = Buffer.alloc(stride * 33, 0x77)
  for (let row = 0; row < 33; row++) source.data.copy(padded, row * stride, row * 244, (row + 1) * 244)
  const raw = { width: 61, height: 33, stride }
  const whole = await encoded(frameOf('rgba', padded, { raw }))
  assert.ok((await difference(whole.bytes, source)) < colourDifferenceMax)
  const cut = await encoded(frameOf('rgba', padded.subarray(0, padded.length - 52), { raw }))
  assert.deepEqual(cut.bytes, whole.bytes)
})

test('alpha is kept where it says something, and left out where every pixel is opaque', async () => {
  const source = picture(340, 200, x => x % 256)
  const { bytes } = await encoded(frameOf('png', await png(source)))
  const heif = parseHeif(bytes)
  const alphas = heif.references.filter(reference => reference.type === 'auxl')
  // Frame 1, its alpha 2, thumbnail 3, its alpha 4.
  assert.deepEqual(
    alphas.map(({ from, to }) => [from, ...to]),
    [
      [2, 1],
      [4, 3],
    ],
  )
  assert.equal((await sharp(bytes).metadata()).hasAlpha, true)
  const opaque = await encoded(frameOf('png', await png(picture(340, 200))))
  assert.equal((await sharp(opaque.bytes).metadata()).hasAlpha, false)
})

test('a gray picture, one with alpha, one for print, one of 16 bits, and one that a camera held sideways', async () => {
  const source = picture(60, 40)
  const from = () => sharp(source.data, { raw: { width: 60, height: 40, channels: 4 } })
  const gray = await encoded(frameOf('png', await from().removeAlpha().grayscale().png().toBuffer()))
  assert.equal((await read(gray.bytes)).decoded, true)
  const sheer = await from().grayscale().toColourspace('b-w').png().toBuffer()
  assert.equal((await sharp(sheer).metadata()).channels, 2)
  assert.equal((await read((await encoded(frameOf('png', sheer))).bytes)).decoded, true)
  const print = await from().removeAlpha().toColourspace('cmyk').jpeg().toBuffer()
  assert.equal((await sharp(print).metadata()).channels, 4)
  const printed = await encoded(frameOf('jpeg', print))
  assert.equal((await sharp(printed.bytes).metadata()).hasAlpha, false)
  const deep = await encoded(frameOf('png', await from().toColourspace('rgb16').png().toBuffer()))
  assert.ok((await difference(deep.bytes, source)) < colourDifferenceMax)
  const sideways = await from().jpeg().withMetadata({ orientation: 6 }).toBuffer()
  const upright = await encoded(frameOf('jpeg', sideways))
  assert.deepEqual([upright.width, upright.height], [40, 60])
})

test('an option outside of its range is refused by name', async () => {
  const options = { quality: 0, effort: 10, thumbnailPixelsMax: 1.5, pixelsMax: 0, sidePixelsMax: 65_537 }
  for (const [option, value] of Object.entries(options)) {
    const expected = { code: 'packer.frame-option', details: { option, value } }
    await assert.rejects(encoded(rgbaFrame(picture(2, 2)), { [option]: value }), (error: typeof expected) => {
      return error.code === expected.code && error.details.option === option && error.details.value === value
    })
  }
})
