import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { encoded, frameOf, picture, png, refused } from './frames-support.ts'

const source = picture(90, 60)
const avif = await sharp(source.data, { raw: { width: 90, height: 60, channels: 4 } })
  .avif({ effort: 0 })
  .toBuffer()

function changed(bytes: Buffer, from: string, to: string): Buffer {
  const at = bytes.indexOf(from, 0, 'latin1')
  assert.notEqual(at, -1)
  const copy = Buffer.from(bytes)
  copy.write(to, at, 'latin1')
  return copy
}

test('PF3: what came encoded is kept byte for byte', async () => {
  for (const format of ['avif', 'heif'] as const) {
    const result = await encoded(frameOf(format, avif))
    assert.equal(Buffer.compare(result.bytes, avif), 0)
    assert.deepEqual([result.width, result.height, result.format], [90, 60, 'heif'])
  }
})

test('PF3: a rotated image is as wide as it is shown', async () => {
  // The property pixi gives its place to irot: a quarter turn.
  const rotated = changed(avif, 'pixi', 'irot')
  const at = rotated.indexOf('irot') + 4
  rotated[at] = 1
  const result = await encoded(frameOf('avif', rotated))
  assert.deepEqual([result.width, result.height], [60, 90])
})

test('PF3: what is not of the format that is said, or contradicts itself, is refused', async () => {
  const refusals: readonly [what: string, format: 'avif' | 'heif' | 'heic', image: Buffer, detail: RegExp][] = [
    ['AVIF called HEIC', 'heic', avif, /none of which is of heic/],
    ['a PNG', 'heif', await png(source), /file: \d+ bytes where \d+ should be|does not begin/],
    ['nothing', 'heif', Buffer.alloc(0), /does not begin/],
    ['a film', 'heif', changed(changed(avif, 'pict', 'vide'), 'avif', 'isom'), /not one of images/],
    ['no primary item', 'avif', changed(avif, 'pitm', 'free'), /0 boxes "pitm"/],
    ['no size', 'avif', changed(avif, 'ispe', 'free'), /0 properties "ispe"/],
    ['its end cut', 'avif', avif.subarray(0, avif.length - 1), /mdat|bytes where/],
    ['an item outside of the file', 'avif', itemBeyondTheEnd(), /end at \d+ of \d+ bytes/],
    ['no width', 'avif', withWidth(0), /0 × 60 pixels/],
  ]
  for (const [what, format, image, detail] of refusals) {
    const refusal = await refused(frameOf(format, image))
    assert.equal(refusal.reason, 'invalid-image', what)
    assert.match(refusal.detail, detail, what)
  }
})

test('PF1: the size that an encoded image gives itself is held to the limits', async () => {
  const wide = await refused(frameOf('avif', withWidth(100_000)))
  assert.equal(wide.reason, 'too-large')
  assert.match(wide.detail, /100000.*sidePixelsMax is 16384/)
  const large = await refused(frameOf('avif', avif), { pixelsMax: 90 * 60 - 1 })
  assert.equal(large.reason, 'too-large')
})

function withWidth(width: number): Buffer {
  const copy = Buffer.from(avif)
  copy.writeUInt32BE(width, copy.indexOf('ispe') + 8)
  return copy
}

/** The length of the first extent, in `iloc` behind type, version, sizes, count, id, reference, base, count, offset. */
function itemBeyondTheEnd(): Buffer {
  const copy = Buffer.from(avif)
  copy.writeUInt32BE(avif.length, copy.indexOf('iloc') + 26)
  return copy
}
