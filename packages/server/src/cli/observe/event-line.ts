import type { EventColumns } from '@chronicle/observe'
import { printable } from '../format.ts'
import type { Style, Terminal } from '../terminal.ts'
import { cutTo, widthOf } from '../text-width.ts'
import { styleOf } from './status-style.ts'
import { spanName } from './trace-rows.ts'

/** Without what the tables add. */
export type TailedEvent = Omit<EventColumns, 'created_at'>

/** Narrow enough for a terminal of 80 columns beside a UUID; what is longer moves the rest. */
const typeWidth = 14
const sourceWidth = 8

/** An event on one line, which on a terminal ends where that does: time, type, source, trace, and what of the metadata says most. */
export function eventLine(terminal: Terminal, event: TailedEvent): string {
  const { timestamp, event_type: type, source, trace_id: trace, is_dead_letter: isDeadLetter } = event
  const look = lookOf(type)
  const cells: readonly { readonly text: string; readonly look?: Style | undefined }[] = [
    { text: printable(timestamp.slice(11, 23)), look: 'dim' },
    { text: padded(printable(type), typeWidth), look },
    { text: padded(printable(source), sourceWidth) },
    { text: printable(trace), look: 'dim' },
    { text: isDeadLetter ? 'dead letter' : '', look: 'yellow' },
    { text: printable(saying(event)) },
  ]
  let room = terminal.isInteractive ? terminal.columns : Number.POSITIVE_INFINITY
  const shown: string[] = []
  for (const { text, look } of cells) {
    if (text === '' || room < 4) continue
    const cut = cutTo(text, room)
    room -= widthOf(cut) + 2
    shown.push(look === undefined ? cut : terminal.style(look, cut))
  }
  return shown.join('  ').trimEnd()
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

const looks: Readonly<Record<string, Style>> = {
  'task.created': styleOf('pending'),
  'task.assigned': styleOf('assigned'),
  'task.started': styleOf('in_progress'),
  'task.completed': styleOf('completed'),
  'task.failed': styleOf('failed'),
  'task.timeout': styleOf('timed_out'),
  'system.error': 'red',
  'system.alert': 'red',
}

function lookOf(type: string): Style | undefined {
  return Object.hasOwn(looks, type) ? looks[type] : undefined
}

/** The text of the metadata that a person looks for first. */
function saying(event: TailedEvent): string {
  const { metadata } = event
  const texts = ['error', 'title', 'agent', 'alert', 'message', 'detail'].map(name => metadata[name])
  const first = texts.find(value => typeof value === 'string' && value !== '')
  return (first as string | undefined) ?? spanName(metadata) ?? ''
}
