/** Screenshots into a real ring, read from there as the packer does. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock, systemRandom } from '@chronicle/base'
import type { HandedOn } from '@chronicle/capture'
import { decodeFrames, type Frame, openRingReader, openRingWriter } from '@chronicle/packer'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { FrameHandOn } from '../src/capture/frames.ts'

const directory = mkdtempSync(join(tmpdir(), 'capture-frames-'))
after(() => rmSync(directory, { recursive: true, force: true }))

/** 24 × 16 pixels of one blue. */
const webp = Buffer.from('UklGRh4AAABXRUJQVlA4TBEAAAAvF8ADAAdQqMIUtP+BiOh/AAA=', 'base64')

const capturedMs = 1_800_000_000_123

function shotOf(format: 'png' | 'webp' | undefined, image: Uint8Array): HandedOn {
  const screenRegion = { x: -5, y: 0, width: 24, height: 16 }
  const about = { windowTitle: 'a title', appName: 'editor', screenRegion }
  const record = {
    id: randomUUID(),
    eventId: randomUUID(),
    sessionId: randomUUID(),
    capturedMs,
    state: 'analysed',
    place: 'memory',
    sizeBytes: image.length,
    hash: '00',
    privacyMasked: true,
    about: new Uint8Array(),
    ...(format && { format }),
  } as const
  return { record, about, image }
}

async function open(name: string, ringBytes = 65_536) {
  const registry = createRegistry()
  const ringPath = join(directory, name)
  const packer = { ringBytes, backpressureThreshold: 0.8, writeTimeoutMs: 1000 }
  const around = { clock: systemClock, random: systemRandom, logger: silentLogger, registry }
  const frames = await FrameHandOn.open({ ringPath, packer, pixelsMax: 1_000_000, ...around })
  return { frames, ringPath, registry }
}

function framesIn(ringPath: string): Frame[] {
  const reader = openRingReader({ path: ringPath })
  const records = reader.read(1_000_000)?.records ?? []
  const frames = records.flatMap(({ kind, payload }) => {
    assert.equal(kind, 'frames')
    const { frames, refusals } = decodeFrames(payload)
    assert.deepEqual(refusals, [])
    return frames.map(frame => ({ ...frame, image: Buffer.from(frame.image) }))
  })
  reader.close()
  return frames
}

test('a screenshot becomes a frame with what is known of it; what the packer does not read becomes a PNG', async () => {
  const { frames, ringPath, registry } = await open('ring')
  const [shot, other, noImage] = [shotOf('png', Buffer.from('as it is')), shotOf('webp', webp), shotOf(undefined, webp)]
  for (const each of [shot, other, noImage]) await frames.take(each)
  const [first, second, ...rest] = framesIn(ringPath)
  assert.equal(rest.length, 0)
  assert.deepEqual(
    [first?.format, first?.image.toString(), first?.eventId, first?.sessionId],
    ['png', 'as it is', shot.record.eventId, shot.record.sessionId],
  )
  assert.equal(first?.timestampNs, BigInt(capturedMs) * 1_000_000n)
  assert.deepEqual(JSON.parse(first!.metadata), {
    screenshot_id: shot.record.id,
    window_title: 'a title',
    app_name: 'editor',
    screen_region: { x: -5, y: 0, width: 24, height: 16 },
    privacy_masked: true,
  })
  // PNG, 5.2 and 11.2.2: width and height stand at bytes 16 and 20.
  const png = Buffer.from(second!.image)
  assert.deepEqual([second?.format, png.readUInt32BE(16), png.readUInt32BE(20)], ['png', 24, 16])
  assert.deepEqual(frames.health(), { status: 'pass', reason: '2 screenshots handed on' })
  assert.match(await registry.metrics(), /chronicle_capture_frames_total\{outcome="no-image"\} 1/)
  frames.stop()
})

test('a full ring is refused at once and counted, and works again when it is emptied', async () => {
  const { frames, ringPath, registry } = await open('full')
  const shot = () => shotOf('png', Buffer.alloc(25_000, 1))
  await frames.take(shot())
  await frames.take(shot())
  await assert.rejects(frames.take(shot()), { code: 'server.frames-ring-full' })
  const { status, reason } = frames.health()
  assert.equal(status, 'warn')
  assert.match(reason, /^1 screenshot not handed on: The ring of the packer has no room/)
  assert.match(await registry.metrics(), /chronicle_capture_frames_total\{outcome="failed"\} 1/)
  const reader = openRingReader({ path: ringPath })
  reader.release(reader.read(1_000_000)!.next)
  reader.close()
  await frames.take(shot())
  assert.equal(frames.health().status, 'pass')
  await assert.rejects(frames.take(shotOf('png', Buffer.alloc(40_000))), { code: 'packer.ring-record-too-large' })
  frames.stop()
})

test('a ring with another writer, and a file that is no ring, are refused; one that is removed is made anew', async () => {
  const held = join(directory, 'held')
  const writer = await openRingWriter({ path: held, capacityBytes: 65_536 })
  await assert.rejects(open('held'), { code: 'packer.ring-busy' })
  writer.close()
  writeFileSync(join(directory, 'notes'), 'of a person'.repeat(1000), { mode: 0o600 })
  await assert.rejects(open('notes'), { code: 'packer.ring-foreign-file' })

  const { frames, ringPath } = await open('removed')
  rmSync(ringPath)
  // Looked at once a second.
  await new Promise(resolve => setTimeout(resolve, 1100))
  await frames.take(shotOf('png', Buffer.from('in the next ring')))
  assert.deepEqual(
    framesIn(ringPath).map(({ image }) => image.toString()),
    ['in the next ring'],
  )
  frames.stop()
})
