/** The data of a screenshot's event: what the publisher says, read from it, and what is known of the image, added to it. */
import { assert } from '@chronicle/base'
import type { PendingEvent } from '../event/check.ts'
import { uuidOf } from '../event/uuid.ts'
import type { ShotAbout, ShotRecord } from './contract.ts'

/** As `checkEvent` has let it in. */
type ScreenshotData = {
  readonly screenshot_id: string
  readonly metadata: {
    readonly window_title: string
    readonly app_name: string
    readonly screen_region: ShotAbout['screenRegion']
    readonly privacy_masked: boolean
  }
}

export type Said = { readonly id: string; readonly privacyMasked: boolean; readonly about: ShotAbout }

export function saidOf({ json }: PendingEvent): Said {
  const { screenshot_id, metadata } = JSON.parse(json) as ScreenshotData
  const id = uuidOf(screenshot_id)
  assert(id, 'the event was checked')
  const { x, y, width, height } = metadata.screen_region
  return {
    id,
    privacyMasked: metadata.privacy_masked,
    about: {
      windowTitle: metadata.window_title,
      appName: metadata.app_name,
      screenRegion: { x, y, width, height },
    },
  }
}

/** What was measured takes the place of what the publisher may have said. */
export function withKnown(event: PendingEvent, record: ShotRecord): PendingEvent {
  const { metadata, ...data } = JSON.parse(event.json) as ScreenshotData
  const { measures } = record
  const known = {
    ...data,
    screenshot_id: record.id,
    metadata: {
      ...metadata,
      ...(measures && {
        text_density: measures.textDensity,
        dominant_colors: measures.dominantColors,
        ui_element_count: measures.uiElementCount,
      }),
    },
    size_bytes: record.sizeBytes,
    hash: record.hash,
    format: record.format,
    width: record.width,
    height: record.height,
    // Why there are no measures.
    refusal: record.refusal,
  }
  return { ...event, json: JSON.stringify(known) }
}
