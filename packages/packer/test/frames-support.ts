/** Pictures and frames to test with. */
import assert from 'node:assert/strict'
import sharp from 'sharp'
import { type EncodedFrame, encodeFrame, type FrameOptions, frameDefaults } from '../src/frames/index.ts'
import type { Frame, FrameFormat, Refusal } from '../src/intake/contract.ts'

export type Picture = { readonly width: number; readonly height: number; readonly data: Buffer }

/** RGBA that looks a little like a screen: areas of one colour, edges, a slope. */
export function picture(width: number, height: number, alpha: (x: number, y: number) => number = () => 255): Picture {
  const data = Buffer.alloc(width * height * 4)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4
      data[at] = (x >> 4) % 2 === 0 ? 240 : 30
      data[at + 1] = Math.floor((y * 255) / height)
      data[at + 2] = (x + y) % 97 < 3 ? 255 : 80
      data[at + 3] = alpha(x, y)
    }
  }
  return { width, height, data }
}

export function png({ width, height, data }: Picture): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer()
}

export function jpeg({ width, height, data }: Picture): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 4 } })
    .jpeg()
    .toBuffer()
}

export function frameOf(format: FrameFormat, image: Uint8Array, more: Partial<Frame> = {}): Frame {
  const ids = { sessionId: 'session-1', eventId: '0f8fad5b-d9cb-469f-a165-70867728950e' }
  return { timestampNs: 1_763_733_600_123_456_789n, ...ids, format, image, metadata: '{"display":1}', ...more }
}

export function rgbaFrame({ width, height, data }: Picture, more: Partial<Frame> = {}): Frame {
  return frameOf('rgba', data, { raw: { width, height, stride: width * 4 }, ...more })
}

export async function encoded(frame: Frame, options: Partial<FrameOptions> = {}): Promise<EncodedFrame> {
  const result = await encodeFrame(frame, { ...frameDefaults, ...options })
  if ('reason' in result) assert.fail(`refused: ${result.reason}: ${result.detail}`)
  return result
}

export async function refused(frame: Frame, options: Partial<FrameOptions> = {}): Promise<Refusal> {
  const result = await encodeFrame(frame, { ...frameDefaults, ...options })
  assert.ok('reason' in result, 'the frame should have been refused')
  return result
}
