/** What is no event, and the field that says so. */
import type { Random } from '@chronicle/base'

const id = 'bad00000-0000-4000-8000-000000000001'
const modifiers = { shift: false, ctrl: false, alt: false, meta: false }
const region = { x: 0, y: 0, width: 10, height: 10 }
const metadata = { window_title: '', app_name: '', screen_region: region, privacy_masked: false }
const dayMs = 86_400_000

type Breakage = readonly [field: string, changes: Record<string, unknown>]

const breakages: readonly Breakage[] = [
  ['id', { id: 17 }],
  ['id', { id: 'not a UUID' }],
  ['id', { id: '00000000-0000-0000-0000-000000000000' }],
  ['session_id', { session_id: undefined }],
  ['timestamp', { timestamp: 'yesterday' }],
  ['timestamp', { timestamp: -1 }],
  // A day that never was, and a time without its offset.
  ['timestamp', { timestamp: '2026-02-30T12:00:00Z' }],
  ['timestamp', { timestamp: '2026-10-25T02:30:00' }],
  ['event_type', { event_type: '' }],
  ['event_type', { event_type: 'x'.repeat(65) }],
  ['data', { data: 'text' }],
  ['data', { data: { at: new Date(0) } }],
  ['data.modifiers', { event_type: 'keystroke', data: { key_code: 1 } }],
  ['data.modifiers.alt', { event_type: 'keystroke', data: { key_code: 1, modifiers: { ...modifiers, alt: 'no' } } }],
  ['data.x', { event_type: 'mouse_move', data: { x: Number.NaN, y: 0, velocity: 0 } }],
  ['data.velocity', { event_type: 'mouse_move', data: { x: 0, y: 0, velocity: -1 } }],
  ['data.button', { event_type: 'mouse_click', data: { x: 0, y: 0, button: 'thumb', click_type: 'single' } }],
  ['data.app_name', { event_type: 'window_focus', data: { window_title: '', process_id: 1 } }],
  ['data.image', { event_type: 'screenshot', data: { screenshot_id: id, image: new Uint8Array(0), metadata } }],
  ['data.state', { event_type: 'process', data: { process_id: 1, process_name: '', state: 'asleep' } }],
]

export function broken(random: Random, wallMs: number): { readonly message: unknown; readonly field: string } {
  const kind = random.int(breakages.length + 2)
  if (kind === breakages.length) return { message: [null, 'text', 5, []][random.int(4)], field: 'event' }
  const good = { id, timestamp: wallMs, session_id: id, event_type: 'note', data: {} }
  // More than a day ahead of any clock of this day.
  if (kind > breakages.length) return { message: { ...good, timestamp: wallMs + 2 * dayMs }, field: 'timestamp' }
  const [field, changes] = breakages[kind]!
  return { message: { ...good, ...changes }, field }
}
