import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeExif, frameExif, parseExif } from '../src/frames/exif.ts'
import { BadFrame } from '../src/frames/refusal.ts'
import { encodeXmp, parseXmp } from '../src/frames/xmp.ts'

test('the bytes of Exif', () => {
  const texts = { Software: 'Chronicle', DateTimeOriginal: '2025:11:21 14:00:00', SubSecTimeOriginal: '123' }
  const expected = [
    '00000000 4d4d002a 00000008',
    // directory 0: two entries, of which one points behind it, where the Exif directory is as well
    '0002 0131 0002 0000000a 00000026 8769 0004 00000001 00000030 00000000',
    `${Buffer.from('Chronicle\0').toString('hex')}`,
    // Exif directory: version and fraction stand in their entries
    '0003 9000 0007 00000004 30323332 9003 0002 00000014 0000005a 9291 0002 00000004 31323300 00000000',
    `${Buffer.from('2025:11:21 14:00:00\0').toString('hex')}`,
  ].join('')
  assert.equal(encodeExif(texts).toString('hex'), expected.replaceAll(' ', ''))
})

test('the time of a frame in Exif is UTC, its fraction nine digits', () => {
  assert.deepEqual(frameExif(1n, 'e'), {
    Software: 'Chronicle',
    DateTimeOriginal: '1970:01:01 00:00:00',
    OffsetTimeOriginal: '+00:00',
    SubSecTimeOriginal: '000000001',
    ImageUniqueID: 'e',
  })
  assert.equal(frameExif(1n, 'ü').ImageUniqueID, undefined)
})

test('Exif is read back, and hostile bytes are refused', () => {
  const texts = frameExif(1_763_733_600_123_456_789n, 'an id')
  const item = encodeExif(texts)
  assert.deepEqual(parseExif(item), texts)
  fc.assert(
    fc.property(fc.nat(item.length - 1), fc.nat(255), fc.nat(item.length), (at, value, end) => {
      const damaged = Buffer.from(item)
      damaged[at] = value
      try {
        parseExif(damaged.subarray(0, end))
      } catch (error) {
        assert.ok(error instanceof BadFrame, `${error}`)
      }
    }),
    { numRuns: 2000 },
  )
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('_', 'x', '0', '4', '1', 'A', '&', '<', '>', ';', 'amp', '\r', '\n', '\u0000', '\ufffe'),
  }),
)

test('PF4: every id and every JSON comes back from XMP as it was, and XML can hold it', () => {
  const identity = fc.record(
    {
      timestampNs: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      sessionId: anyText,
      eventId: anyText,
      metadata: anyText,
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(identity, frame => {
      const packet = encodeXmp(frame).toString('utf8')
      assert.deepEqual(parseXmp(packet), frame)
      assert.doesNotMatch(packet, /[^\t\n -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u)
    }),
    { numRuns: 500 },
  )
})

test('a packet of someone else says nothing', () => {
  assert.equal(parseXmp(''), undefined)
  const packet = encodeXmp({ timestampNs: 1n, sessionId: 's', eventId: 'e', metadata: '{}' }).toString()
  assert.equal(parseXmp(packet.replace('frame:1:', 'frame:2:')), undefined)
  assert.equal(parseXmp(packet.replace('>1<', '>one<')), undefined)
})
