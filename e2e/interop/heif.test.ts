/** What the packer writes as HEIF, libheif's programs and Pillow with libavif open: size, thumbnail, metadata, pixels. What they write, the packer keeps and reads. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { encodeFrame, frameDefaults, readHeif } from '@chronicle/packer'
import { missingLibheif, pillow, rgbaPicture } from './heif.ts'
import { missingProgram, run } from './toolchain.ts'

const directory = mkdtempSync(join(tmpdir(), 'heif-'))
after(() => rmSync(directory, { recursive: true }))

const identity = {
  timestampNs: 1_763_733_600_123_456_789n,
  sessionId: 'Sitzung <1> & „zwei“',
  eventId: '0f8fad5b-d9cb-469f-a165-70867728950e',
  metadata: '{"title":"a < b"}',
}

/** The file that the packer makes of an image. */
async function heifOf(format: 'rgba' | 'heic' | 'avif', image: Buffer) {
  const raw = format === 'rgba' ? { width: 642, height: 401, stride: 642 * 4 } : undefined
  const result = await encodeFrame({ ...identity, format, image, raw }, frameDefaults)
  if ('reason' in result) assert.fail(`refused: ${result.reason}: ${result.detail}`)
  return result
}

const solid = rgbaPicture(642, 401, () => 255)
const sheer = rgbaPicture(642, 401, x => x % 256)
const solidPath = join(directory, 'solid.heif')
const sheerPath = join(directory, 'sheer.heif')
writeFileSync(solidPath, (await heifOf('rgba', solid)).bytes)
writeFileSync(sheerPath, (await heifOf('rgba', sheer)).bytes)
const ours = await readHeif(readFileSync(solidPath), frameDefaults)

/** Of a channel, on average. */
const differenceMax = 8

function difference(found: Buffer, expected: Buffer): number {
  assert.equal(found.length, expected.length)
  return found.reduce((sum, value, at) => sum + Math.abs(value - expected[at]!), 0) / expected.length
}

const libheif = { skip: missingLibheif() ?? false }

test('heif-info lists size, thumbnail, alpha and metadata', libheif, () => {
  const solidInfo = run('heif-info', [solidPath])
  assert.match(solidInfo, /image: 642x401 \(id=1\), primary\n {2}thumbnail: 320x200\n/)
  assert.match(solidInfo, /alpha channel: no/)
  assert.match(solidInfo, /metadata:\n {2}Exif: \d+ bytes\n {2}XMP: \d+ bytes/)
  assert.match(run('heif-info', [sheerPath]), /thumbnail: 320x200[\s\S]*alpha channel: yes/)
})

test('heif-convert decodes the pixels and takes Exif and XMP out', libheif, async () => {
  const path = join(directory, 'converted.png')
  run('heif-convert', ['--with-exif', '--with-xmp', '--skip-exif-offset', solidPath, path])
  const png = readFileSync(path)
  assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [642, 401])
  assert.equal(readFileSync(join(directory, 'converted.exif')).toString('latin1', 0, 4), 'MM\0*')
  assert.equal(readFileSync(join(directory, 'converted.xmp'), 'utf8'), ours.xmp)
})

test('HEIC and AVIF of heif-enc are kept, with their thumbnails', libheif, async () => {
  const source = join(directory, 'source.png')
  run('heif-convert', [sheerPath, source])
  for (const format of ['heic', 'avif'] as const) {
    const path = join(directory, `theirs.${format}`)
    run('heif-enc', ['-t', '128', source, '-o', path])
    const bytes = readFileSync(path)
    const kept = await heifOf(format, bytes)
    assert.equal(Buffer.compare(kept.bytes, bytes), 0)
    const { width, height, thumbnail, decoded, exif } = await readHeif(bytes, frameDefaults)
    assert.deepEqual([kept.width, kept.height], [width, height])
    const said = new RegExp(`image: ${width}x${height} .*\\n +thumbnail: ${thumbnail?.width}x${thumbnail?.height}\\n`)
    assert.match(run('heif-info', [path]), said)
    assert.equal(decoded, format === 'avif')
    assert.ok(exif, 'heif-enc passes the Exif of its source on')
  }
})

const { missing, open } = pillow()

test('Pillow with libavif finds size, Exif, XMP and the pixels', { skip: missing ?? false }, () => {
  for (const [path, source] of [
    [solidPath, solid],
    [sheerPath, sheer],
  ] as const) {
    const { format, size, exif, xmp, rgba } = open(path)
    assert.deepEqual({ format, size, exif, xmp }, { format: 'AVIF', size: [642, 401], exif: ours.exif, xmp: ours.xmp })
    const found = difference(Buffer.from(rgba, 'base64'), source)
    assert.ok(found < differenceMax, `the pixels differ by ${found} on average`)
  }
})

const exiftool = missingProgram('exiftool', ['-ver'], 'apt-get install libimage-exiftool-perl')

test('exiftool reads what the file says of its frame', { skip: exiftool ?? false }, () => {
  const [found] = JSON.parse(run('exiftool', ['-json', '-XMP-chronicle:all', '-SubSecDateTimeOriginal', solidPath]))
  assert.deepEqual([found.SessionId, found.Metadata], [identity.sessionId, identity.metadata])
  assert.equal(String(found.EventId), ours.identity?.eventId)
  assert.equal(found.SubSecDateTimeOriginal, '2025:11:21 14:00:00.123456789+00:00')
})
