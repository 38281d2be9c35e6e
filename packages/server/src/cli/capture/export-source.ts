/** What `export` takes out of a database, in portions: objects under the names of the wire, and which columns they have where they are flat. */
import type { AggregateSpan, CaptureReader, DamagedBlock } from '@chronicle/capture'
import type { ExportKind } from './names.ts'
import { aggregateObject, eventObject, screenshotObject, windowObject } from './wire.ts'

export type Wanted = {
  readonly what: ExportKind
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  readonly sessionId: string | undefined
  readonly eventTypes: readonly string[] | undefined
  readonly by: AggregateSpan
}

/** Told while it is read. */
export type Listener = {
  onRead(events: number): void
  onDamaged(block: DamagedBlock): void
  /** Program and title of a screenshot cannot be read any more. */
  onUntitled(): void
}

const portionMax = 500

export function portionsOf(
  reader: CaptureReader,
  { what, eventTypes, by, ...range }: Wanted,
  listener: Listener,
): AsyncIterable<readonly object[]> {
  switch (what) {
    case 'events':
      return mapped(reader.events({ ...range, eventTypes, ...listener }), eventObject)
    case 'windows':
      return gathered(reader.windows(range), windowObject)
    case 'aggregates':
      return gathered(reader.aggregates(by, range), aggregateObject)
    case 'screenshots':
      return gathered(reader.screenshots(range), shot => {
        if (shot.about === undefined) listener.onUntitled()
        return screenshotObject(shot)
      })
  }
}

async function* mapped<From, To>(portions: AsyncIterable<readonly From[]>, map: (item: From) => To) {
  for await (const portion of portions) yield portion.map(map)
}

async function* gathered<From, To>(items: Iterable<From> | AsyncIterable<From>, map: (item: From) => To) {
  let portion: To[] = []
  for await (const item of items) {
    portion.push(map(item))
    if (portion.length < portionMax) continue
    yield portion
    portion = []
  }
  if (portion.length > 0) yield portion
}

/** Where a column is found: a member of the object, or one of a member. */
const columnsOfKind: Readonly<Record<ExportKind, readonly string[]>> = {
  events: ['id', 'timestamp', 'session_id', 'event_type', 'late', 'window_start', 'data'],
  windows: [
    ...['window_id', 'window_start', 'window_end', 'session_id', 'state', 'events', 'late_events'],
    ...['aggregates.keys', 'aggregates.clicks', 'aggregates.distance_px', 'aggregates.focus_changes'],
    ...['aggregates.idle_ms', 'parts', 'parts_delivered', 'attempts', 'counts'],
  ],
  aggregates: [
    ...['span', 'start', 'session_id', 'events', 'keys', 'clicks', 'distance_px', 'focus_changes', 'counts'],
  ],
  screenshots: [
    ...['screenshot_id', 'event_id', 'session_id', 'timestamp', 'app_name', 'window_title'],
    ...['screen_region.x', 'screen_region.y', 'screen_region.width', 'screen_region.height'],
    ...['privacy_masked', 'format', 'width', 'height', 'size_bytes', 'hash', 'text_density', 'dominant_colors'],
    ...['ui_element_count', 'refusal', 'state', 'place', 'deleted_at', 'deletion_reason'],
  ],
}

export type Columns = readonly { readonly name: string; readonly path: readonly string[] }[]

/** Of a file with columns. A member of a member has its own name; `screen_region.x` is `screen_region_x`, as there is more than one width. */
export function columnsOf(what: ExportKind): Columns {
  return columnsOfKind[what].map(path => ({
    name: path.replace('aggregates.', '').replace('.', '_'),
    path: path.split('.'),
  }))
}
