import type { EventColumns } from '@chronicle/observe'
import { printable } from '../format.ts'
import type { Style, Terminal } from '../terminal.ts'
import { cutTo, widthOf } from '../text-width.ts'
import { styleOf } from './status-style.ts'
import { spanName } from './trace-rows.ts'

/** Without what the tables add. */
export type TailedEvent = Omit<EventColumns, 'created_at'>

/** Widths that a column has at least, and grows to as longer texts come. On 80 columns a UUID fits beside. */
const typeCells = { min: 14, max: 20 }
const sourceCells = { min: 8, max: 14 }
const gap = 2
/** Less of a text says nothing. */
const restMin = 4

/**
 * Events as lines: time, type, source, trace, and what of the metadata says most. On a terminal a line ends where that does, and days have lines of their own;
 * elsewhere all is there.
 */
export class EventLines {
  readonly #terminal: Terminal
  #type: number = typeCells.min
  #source: number = sourceCells.min
  #day: string

  /** `day` is today: it needs no line. */
  constructor(terminal: Terminal, day: string) {
    this.#terminal = terminal
    this.#day = day
  }

  /** With their line feeds. */
  linesOf(event: TailedEvent): string {
    return this.#terminal.isInteractive ? this.#dayLine(event) + this.#shortLine(event) : this.#wholeLine(event)
  }

  #dayLine({ timestamp }: TailedEvent): string {
    const day = timestamp.slice(0, 10)
    if (day === this.#day) return ''
    this.#day = day
    return `${this.#terminal.style('dim', `── ${printable(day)} (UTC)`)}\n`
  }

  #shortLine(event: TailedEvent): string {
    const { timestamp, event_type: type, source, trace_id: trace } = event
    this.#type = grown(this.#type, typeCells.max, printable(type))
    this.#source = grown(this.#source, sourceCells.max, printable(source))
    const cells: readonly Cell[] = [
      { text: printable(timestamp.slice(11, 23)), look: 'dim' },
      { text: fit(printable(type), this.#type), look: lookOf(type) },
      { text: fit(printable(source), this.#source) },
      { text: printable(trace), look: 'dim' },
      ...restOf(event),
    ]
    let room = this.#terminal.columns
    const shown: string[] = []
    for (const { text, look } of cells) {
      if (room < restMin) break
      const cut = cutTo(text, room)
      room -= widthOf(cut) + gap
      shown.push(look === undefined ? cut : this.#terminal.style(look, cut))
    }
    return `${shown.join(' '.repeat(gap)).trimEnd()}\n`
  }

  #wholeLine(event: TailedEvent): string {
    const { timestamp, event_type: type, source, trace_id: trace } = event
    const texts = [timestamp, type, source, trace].map(printable)
    return `${[...texts, ...restOf(event).map(({ text }) => text)].join('  ')}\n`
  }
}

type Cell = { readonly text: string; readonly look?: Style | undefined }

function restOf(event: TailedEvent): Cell[] {
  const cells: Cell[] = [
    { text: event.is_dead_letter ? 'dead letter' : '', look: 'yellow' },
    { text: printable(saying(event)) },
  ]
  return cells.filter(({ text }) => text !== '')
}

function grown(width: number, max: number, text: string): number {
  return Math.min(max, Math.max(width, widthOf(text)))
}

function fit(text: string, width: number): string {
  const cut = cutTo(text, width)
  return cut + ' '.repeat(width - widthOf(cut))
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
