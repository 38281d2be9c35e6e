/** What a busy minute at a computer looks like to capture: mostly movements, some keys, now and then everything else. As a publisher sends it. */
import { randomUUID } from 'node:crypto'

export type CaptureEvent = {
  readonly id: string
  readonly timestamp: number
  readonly session_id: string
  readonly event_type: string
  readonly data: Readonly<Record<string, unknown>>
}

const modifiers = { shift: false, ctrl: false, alt: false, meta: false }

/** In twentieths: 14 movements, 3 keys, a click, a wheel; the last one goes round what is rare. */
const rare = ['window_focus', 'process', 'resource', 'resource'] as const

/** A run of events that is the same every time but for the ids and the session. */
export class CaptureEvents {
  readonly sessionId = randomUUID()
  #made = 0

  next(timestamp: number): CaptureEvent {
    const { type, data } = this.#what(this.#made++)
    return { id: randomUUID(), timestamp, session_id: this.sessionId, event_type: type, data }
  }

  #what(at: number): { readonly type: string; readonly data: Readonly<Record<string, unknown>> } {
    const place = { x: (at * 7) % 1920, y: (at * 3) % 1080 }
    switch (at % 20) {
      case 4:
      case 9:
      case 14:
        return {
          type: 'keystroke',
          data: { key_code: 65 + (at % 26), modifiers, inter_key_interval_ms: 80 + (at % 90) },
        }
      case 17:
        return { type: 'mouse_click', data: { ...place, button: 'left', click_type: 'single' } }
      case 18:
        return { type: 'mouse_wheel', data: { ...place, lines: (at % 7) - 3 } }
      case 19:
        return rarely(Math.floor(at / 20))
      default:
        return { type: 'mouse_move', data: { ...place, velocity: 120.5 + (at % 400) } }
    }
  }
}

function rarely(at: number) {
  const type = rare[at % rare.length]!
  switch (type) {
    case 'window_focus':
      return {
        type,
        data: { window_title: `chapter ${at}.md - notes`, app_name: 'editor', process_id: 4711, duration_ms: 900 + at },
      }
    case 'process':
      return {
        type,
        data: { process_id: 5000 + at, process_name: 'worker', state: at % 8 < 4 ? 'started' : 'stopped' },
      }
    case 'resource':
      return {
        type,
        data: { cpu_percent: 12.5, memory_mb: 6100 + (at % 50), disk_io_mb_per_sec: 1.25, network_io_mb_per_sec: 0.4 },
      }
  }
}
