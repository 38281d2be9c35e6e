/** Events for a whole capture, and a look at everything that it leaves on the disk. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { imageOf, marker } from './screenshots-support.ts'

export const session = '6fa459ea-ee8a-4ca4-894e-db77e160355e'
export const privateText = 'a text that nobody else reads'
export const privateTitle = 'a title that nobody else reads'

export function noteOf(id: string = randomUUID(), text: string = privateText): object {
  return { id, timestamp: Date.now(), session_id: session, event_type: 'note', data: { text } }
}

export function screenshotOf(screenshotId: string, bytes: number): object {
  const screen_region = { x: 0, y: 0, width: 100, height: 100 }
  const metadata = { window_title: privateTitle, app_name: 'editor', screen_region, privacy_masked: false }
  const data = { screenshot_id: screenshotId, image: imageOf(bytes), metadata }
  return { id: randomUUID(), timestamp: Date.now(), session_id: session, event_type: 'screenshot', data }
}

/** Every file below but the lock, whose lock goes with whoever closes it. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.endsWith('-lock'))
    .map(entry => join(entry.parentPath, entry.name))
}

/** CS1 */
export function assertNothingPlain(directory: string): void {
  for (const path of filesBelow(directory)) {
    const bytes = readFileSync(path)
    for (const plain of [marker, privateTitle, privateText]) assert.ok(!bytes.includes(plain), `${path} holds ${plain}`)
  }
}
