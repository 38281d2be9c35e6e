/** Events for a whole capture, and a look at everything that it leaves on the disk. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DiskScan, filesBelow } from './disk-scan.ts'
import { noise, rawRgb } from './image-support.ts'
import { imageOf, marker } from './screenshots-support.ts'

export const session = '6fa459ea-ee8a-4ca4-894e-db77e160355e'
export const privateText = 'a text that nobody else reads'
export const privateTitle = 'a title that nobody else reads'

export const privateProgram = 'PrivateProgram-XJ9'
export const privateKeyName = 'PrivateKeyName-QZ7'

export type Published = { readonly id: string; readonly event_type: string }

export function noteOf(id: string = randomUUID(), text: string = privateText): Published {
  return eventOf('note', { text }, id)
}

/** A screenshot of `image` with so many bytes behind it, which decoders pass over. */
export function screenshotOf(screenshotId: string, bytes: number, image: Uint8Array = new Uint8Array()): Published {
  const screen_region = { x: 0, y: 0, width: 100, height: 100 }
  const metadata = { window_title: privateTitle, app_name: privateProgram, screen_region, privacy_masked: false }
  const filled = Buffer.concat([image, imageOf(Math.max(4, bytes))])
  return eventOf('screenshot', { screenshot_id: screenshotId, image: filled, metadata })
}

/** As many events of several types, each with a text that nobody else reads. */
export function privateEvents(count: number): Published[] {
  const modifiers = { shift: false, ctrl: true, alt: false, meta: false }
  const kinds: (() => Published)[] = [
    () => noteOf(),
    () => eventOf('keystroke', { key_code: privateKeyName, modifiers }),
    () => eventOf('window_focus', { window_title: privateTitle, app_name: privateProgram, process_id: 7 }),
    () => eventOf('process', { process_id: 7, process_name: privateProgram, state: 'started' }),
  ]
  return Array.from({ length: count }, (_, at) => kinds[at % kinds.length]!())
}

export const privatePixels = noise(64, 64, 4711)

/** The same pixels as PNG and as JPEG. */
export function privateImages(): Promise<Buffer[]> {
  const image = () => rawRgb(privatePixels, 64, 64)
  return Promise.all([image().png().toBuffer(), image().jpeg().toBuffer()])
}

/** Everything of these events and screenshots that nobody may find on the disk. */
export async function privateScan(directory: string): Promise<DiskScan> {
  const texts = [privateText, privateTitle, privateProgram, privateKeyName]
  return new DiskScan(directory, { texts, bodies: [privatePixels, imageOf(1000), ...(await privateImages())] })
}

function eventOf(type: string, data: object, id: string = randomUUID()): Published {
  return { id, timestamp: Date.now(), session_id: session, event_type: type, data } as Published
}

/** CS1 */
export function assertNothingPlain(directory: string): void {
  for (const path of filesBelow(directory)) {
    const bytes = readFileSync(path)
    for (const plain of [marker, privateTitle, privateText]) assert.ok(!bytes.includes(plain), `${path} holds ${plain}`)
  }
}
