/** What the publisher says of a screenshot, as it is kept in the journal: an envelope, as events lie in, around a JSON list of program, title, and x, y, width, height of the region. */
import type { Random } from '@chronicle/base'
import { ScreenshotError } from '../errors.ts'
import { openEnvelope, packEnvelope } from '../store/envelope.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { ShotAbout } from './contract.ts'

export function encodeAbout(id: string, about: ShotAbout, keys: PayloadKeys, random: Random): Buffer {
  const { x, y, width, height } = about.screenRegion
  const content = Buffer.from(JSON.stringify([about.appName, about.windowTitle, x, y, width, height]))
  return packEnvelope(content, placeOf(id), keys.current, random)
}

/** Throws 'capture.screenshot-record-damaged', and as `openEnvelope` does. */
export async function decodeAbout(id: string, bytes: Buffer, keys: PayloadKeys): Promise<ShotAbout> {
  const value = parseList(await openEnvelope(bytes, placeOf(id), keys))
  const [appName, windowTitle, ...region] = value ?? []
  const isRegion = region.length === 4 && region.every(side => typeof side === 'number')
  if (typeof appName !== 'string' || typeof windowTitle !== 'string' || !isRegion)
    throw new ScreenshotError('capture.screenshot-record-damaged', { id })
  const [x, y, width, height] = region as [number, number, number, number]
  return { appName, windowTitle, screenRegion: { x, y, width, height } }
}

function parseList(text: Buffer): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text.toString('utf8'))
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function placeOf(id: string): string {
  return `screenshots/${id}`
}
