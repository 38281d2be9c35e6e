import assert from 'node:assert/strict'
import { type Random, seededRandom } from '@chronicle/base'
import type { FuzzTarget } from '@chronicle/testing'
import { BufferPool } from '../src/net/buffer-pool.ts'
import { FrameReader } from '../src/net/frame-reader.ts'

const frameBytesMax = 64 * 1024
const framesMax = 4

/**
 * A connection's worth of bytes: frames one after another, damaged now and then, that arrive in reads of any size at a reader
 * that is told "not now" now and then. `requests` gives the frames, each whole frame is handed to its `run`.
 */
export function framingTarget(requests: FuzzTarget): FuzzTarget {
  return {
    name: 'framing',
    isRefusal: requests.isRefusal,
    input(random) {
      const frames = Array.from({ length: random.int(framesMax) + 1 }, () => framed(requests.input(random).bytes))
      const bytes = Buffer.concat(frames)
      // A length that is not that of its frame: what follows is read in the wrong place.
      if (random.int(4) === 0) bytes.writeInt32BE(random.int(2 ** 32) - 2 ** 31, 0)
      return { bytes, intact: false }
    },
    run({ bytes }) {
      // The reads depend on the input alone, so that a find can be replayed from its bytes.
      arrive(bytes, seededRandom(bytes.length), frame => {
        try {
          void requests.run({ bytes: frame, intact: false })
        } catch (error) {
          if (!requests.isRefusal(error)) throw error
        }
      })
    },
  }
}

function arrive(stream: Buffer, random: Random, take: (frame: Buffer) => void): void {
  const expected = wholeFrames(stream)
  let taken = 0
  let open = true
  const reader = new FrameReader(Buffer.alloc(4096), new BufferPool(), frameBytesMax, {
    frame(buffer, start, end) {
      if (random.int(4) === 0) return false
      const frame = Buffer.from(buffer.subarray(start, end))
      assert.deepEqual(frame, expected[taken++])
      take(frame)
      return true
    },
    begin: () => random.int(4) !== 0,
    invalidLength(length) {
      assert.ok(length < 0 || length > frameBytesMax)
      open = false
    },
  })
  const settle = () => {
    for (let turns = 0; reader.stalled; turns++) {
      assert.ok(turns < 10_000, 'the reader does not go on')
      reader.resume()
    }
  }
  for (let at = 0; open && at < stream.length; settle()) {
    const target = reader.target()
    const bytes = Math.min(1 + random.int(200), target.length, stream.length - at)
    stream.copy(target, 0, at, at + bytes)
    reader.landed(bytes, target)
    at += bytes
  }
  assert.equal(taken, expected.length)
  assert.ok(reader.heldBytes <= 2 * frameBytesMax)
  reader.close()
}

/** The frames that are whole, up to the first length that is out of range. */
function wholeFrames(stream: Buffer): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at + 4 <= stream.length; ) {
    const length = stream.readInt32BE(at)
    const end = at + 4 + length
    if (length < 0 || length > frameBytesMax || end > stream.length) return frames
    frames.push(stream.subarray(at + 4, end))
    at = end
  }
  return frames
}

function framed(body: Buffer): Buffer {
  const frame = Buffer.alloc(4 + body.length)
  frame.writeInt32BE(body.length)
  body.copy(frame, 4)
  return frame
}
