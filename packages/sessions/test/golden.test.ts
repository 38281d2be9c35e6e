import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import { open, type SealKey, saltedLeaf } from '@chronicle/vault'
import {
  type ChunkFooter,
  decodeFooter,
  decodeFrameHeader,
  encodeFooter,
  encodeFrameHeader,
  footerTailBytes,
} from '../src/chunk-format.ts'
import { ChunkSealer } from '../src/chunk-sealer.ts'
import { encodeFrame, FrameDecoder, UnreadableFrame } from '../src/frame-codec.ts'
import { encodeLeafMetadata, leafMetadata } from '../src/leaf.ts'
import { decodeRecord, encodeRecord, type SessionRecord } from '../src/record.ts'
import { refused, sha256 } from './support.ts'

/** A chunk object of version 1: one frame that was compressed, one that was not. */
const goldenChunk = new URL('./golden/chunk.v1.bin', import.meta.url)
const goldenRecord = new URL('./golden/record.v1.json', import.meta.url)

const key: SealKey = {
  id: '00112233-4455-4677-8899-aabbccddeeff',
  epoch: 1,
  secret: createSecretKey(Buffer.alloc(32, 7)),
}
const metadata = leafMetadata('golden', 3, { camera: 'door' })
const order = {
  place: 'golden/3',
  leafMetadata: encodeLeafMetadata(metadata),
  salt: new Uint8Array(32).fill(9),
  compressionLevel: 6,
}
const frames = [Buffer.alloc(5000, 'chronicle '), Buffer.from(seededRandom(1).bytes(300))]
const payload = Buffer.concat(frames)

function sealGolden(): Buffer {
  const sealer = new ChunkSealer(order, key, seededRandom(2))
  for (const frame of frames) sealer.push(frame)
  sealer.end()
  return Buffer.from(sealer.take())
}

const record: SessionRecord = {
  sessionId: 'golden',
  state: 'finalized',
  createdMs: 1_790_000_000_000,
  finalizedMs: 1_790_000_001_000,
  keyId: key.id,
  pbkdf2Iterations: 100_000,
  tree: { size: 2, peaks: [new Uint8Array(32).fill(5)] },
  chunks: 2,
  plainBytes: 5300,
  storedBytes: 900,
}

if (process.env.WRITE_GOLDEN) {
  writeFileSync(goldenChunk, sealGolden())
  writeFileSync(goldenRecord, encodeRecord(record))
}

test('a chunk object of version 1 is read', () => {
  const content = open(readFileSync(goldenChunk), key, { kind: 'chunk', place: 'golden/3' })
  const footer = decodeFooter(content, content.length)
  assert.ok(footer)
  assert.equal(
    Buffer.from(footer.leafMetadata).toString(),
    '{"chunk_index":3,"metadata":{"camera":"door"},"session_id":"golden"}',
  )
  assert.equal(Buffer.from(footer.payloadSha256).toString('hex'), sha256(payload))
  assert.equal(footer.payloadBytes, payload.length)
  assert.deepEqual(Buffer.from(footer.salt), Buffer.alloc(32, 9))
  const decoder = new FrameDecoder()
  assert.deepEqual(Buffer.concat(decoder.push(content.subarray(0, footer.frameBytes))), payload)
  assert.ok(decoder.isWhole)
  assert.equal(
    Buffer.from(saltedLeaf(footer.salt, footer.payloadSha256, metadata)).toString('hex'),
    sha256(Buffer.concat([footer.salt, footer.payloadSha256, footer.leafMetadata])),
  )
})

test('a chunk object is written as version 1 always was, but for what the compressor makes of it', () => {
  const golden = open(readFileSync(goldenChunk), key)
  const written = open(sealGolden(), key)
  const { frameBytes, ...rest } = decodeFooter(golden, golden.length)!
  assert.deepEqual({ ...decodeFooter(written, written.length)!, frameBytes }, { ...rest, frameBytes })
  const raw = 300 + 8
  assert.deepEqual(written.subarray(-raw - footerBytes(written)), golden.subarray(-raw - footerBytes(golden)))
})

function footerBytes(content: Buffer): number {
  return content.length - decodeFooter(content, content.length)!.frameBytes
}

test('the record is written and read as version 1', () => {
  assert.deepEqual(encodeRecord(record), readFileSync(goldenRecord))
  assert.deepEqual(decodeRecord(readFileSync(goldenRecord), 'golden'), record)
})

test('a record that is not whole is damaged', async () => {
  const text = encodeRecord(record).toString()
  for (const [from, to] of [
    ['"golden"', '"other"'],
    ['"finalized"', '"closed"'],
    ['"chunks": 2', '"chunks": -2'],
    ['"tree": "', '"tree": "A'],
    ['"createdMs"', '"created"'],
    ['}\n', ''],
  ] as const) {
    const changed = Buffer.from(text.replace(from, to))
    await refused(
      'sessions.damaged',
      Promise.resolve().then(() => decodeRecord(changed, 'golden')),
    )
  }
})

test('frames: the header says whether the payload was compressed, and hostile ones are refused', () => {
  assert.deepEqual(encodeFrameHeader({ payloadBytes: 0x1234, storedBytes: 0x56 }).toString('hex'), '0000123400000056')
  for (const hex of [
    '0000000000000000',
    '0000000100000000',
    '0000000100000002',
    '0004000100000001',
    'ffffffffffffffff',
  ]) {
    assert.equal(decodeFrameHeader(Buffer.from(hex, 'hex')), undefined, hex)
  }
  const bomb = encodeFrame(Buffer.alloc(262_144), 6)
  bomb[0].writeUInt32BE(100, 0)
  assert.throws(() => new FrameDecoder().push(Buffer.concat(bomb)), UnreadableFrame)
  const [header, stored] = encodeFrame(payload, 6)
  const cut = new FrameDecoder()
  for (const byte of Buffer.concat([header, stored]).subarray(0, -1))
    assert.deepEqual(cut.push(Buffer.from([byte])), [])
  assert.equal(cut.isWhole, false)
  assert.deepEqual(cut.push(stored.subarray(-1)), [payload])
})

test('a footer is found at the end of its content, and nowhere else', () => {
  const footer: ChunkFooter = {
    leafMetadata: Buffer.from('{}'),
    salt: Buffer.alloc(32, 1),
    payloadSha256: Buffer.alloc(32, 2),
    payloadBytes: 10,
    frameBytes: 7,
  }
  const content = Buffer.concat([Buffer.alloc(7), encodeFooter(footer)])
  assert.deepEqual(decodeFooter(content, content.length), footer)
  assert.equal(decodeFooter(content, content.length + 1), undefined)
  assert.equal(decodeFooter(content.subarray(-footerTailBytes + 1), content.length), undefined)
  const changed = Buffer.from(content)
  changed[changed.length - 1]! ^= 1
  assert.equal(decodeFooter(changed, changed.length), undefined)
})
