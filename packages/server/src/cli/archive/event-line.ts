import type { ArchivedEvent } from '@chronicle/packer'

/**
 * An event as a line of JSON: the seven fields under the names that they have in Parquet. `timestamp_ns` is a number to its last digit, which takes a reader with integers of
 * 64 bits. `data` is the text that it was written as, or, with `parseData`, its JSON itself: spliced in, so that no number in it changes.
 */
export function eventLine(event: ArchivedEvent, parseData: boolean): string {
  const { timestampNs, eventType, appBundleId, windowTitle, data, sessionId, eventId } = event
  const fields = {
    event_type: eventType,
    app_bundle_id: appBundleId,
    window_title: windowTitle,
    data,
    session_id: sessionId,
    event_id: eventId,
  }
  const texts = Object.entries(fields).map(([name, value]) => {
    const isJson = parseData && name === 'data' && parses(data)
    // A raw line end in JSON stands between its tokens, never in a text.
    return `"${name}":${isJson ? data.replace(/[\r\n]/g, ' ') : JSON.stringify(value)}`
  })
  return `{"timestamp_ns":${timestampNs},${texts.join()}}\n`
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // It stays a text.
    return false
  }
}
