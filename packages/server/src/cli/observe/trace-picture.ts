/**
 * A trace as a picture: its events from the first to the last, one a line, each at its place in time.
 *
 *     AFTER   EVENT           SOURCE    0 ms ······················ 12.5 s  LASTED
 *     0 ms    task.created    dispatch  ●                                   120 ms
 *     120 ms  task.assigned   dispatch  ●━━                                  1.1 s
 *     1.2 s   task.started    kai          ●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━   11.3 s
 *     1.3 s   gen_ai.chat     kai          ├────────┤                        3.2 s
 *     5.0 s   note            kai                     ·
 *     12.5 s  task.completed  kai                                        ✓
 */

import { plural, printable, took } from '../format.ts'
import type { Style } from '../terminal.ts'
import { cutTo, widthOf } from '../text-width.ts'
import { signOf, styleOf } from './status-style.ts'
import { isFinal, spanName, type TraceRow } from './trace-rows.ts'

export type PictureOptions = {
  /** Cells of a line. */
  readonly width: number
  readonly style: (style: Style, text: string) => string
  /** Lines at most; those of the lifecycle come before others. */
  readonly rowsMax: number
}

/** Cells that the bars have at least; names give way first, then columns. */
const barsMin = 12
const barsMax = 100
const indent = '  '
const gap = '  '

/** Which columns there are, and how wide. 0: left out. */
type Layout = {
  readonly after: number
  readonly event: number
  readonly source: number
  readonly bars: number
  readonly lasted: number
}

/** The lines of the picture. */
export function drawTrace(all: readonly TraceRow[], options: PictureOptions): string[] {
  const rows = chosen(all, options.rowsMax)
  const [startMicros, endMicros] = [all[0]?.atMicros ?? 0, endOf(all)]
  const texts = rows.map(row => textsOf(row, startMicros))
  const layout = layoutOf(texts, options.width)
  const { style } = options
  const lines = rows.map((row, at) => {
    const { after, event, source, lasted } = texts[at]!
    const bar = barOf(row, { startMicros, endMicros, cells: layout.bars })
    const shownBar = bar.map(({ text, look }) => (look === undefined ? text : style(look, text))).join('')
    const cells = [
      cell(after, layout.after, 'right'),
      styled(row, style, cell(event, layout.event)),
      style('dim', cell(source, layout.source)),
      shownBar,
      cell(lasted, layout.lasted, 'right'),
    ]
    return lineOf(cells, layout)
  })
  return [style('dim', headOf(layout, endMicros - startMicros)), ...lines, ...leftOut(all.length - rows.length, style)]
}

/** The last moment that anything reaches. */
function endOf(rows: readonly TraceRow[]): number {
  return rows.reduce((end, { atMicros, lastsMicros = 0 }) => Math.max(end, atMicros + lastsMicros), 0)
}

/** As many as there may be: first what moved the trace or went wrong, then the others in their order. */
function chosen(rows: readonly TraceRow[], rowsMax: number): readonly TraceRow[] {
  if (rows.length <= rowsMax) return rows
  const isOfWeight = ({ state, isOutOfOrder, isError }: TraceRow): boolean =>
    state !== undefined || isOutOfOrder || isError
  const shown = new Set([...rows.filter(isOfWeight), ...rows.filter(row => !isOfWeight(row))].slice(0, rowsMax))
  return rows.filter(row => shown.has(row))
}

function leftOut(count: number, style: PictureOptions['style']): string[] {
  if (count === 0) return []
  return [style('dim', `${indent}… and ${plural(count, 'event')} more: --spans N shows so many, --json all.`)]
}

type Texts = { readonly after: string; readonly event: string; readonly source: string; readonly lasted: string }

function textsOf({ event, atMicros, lastsMicros, isOpen, isOutOfOrder }: TraceRow, startMicros: number): Texts {
  const name = spanName(event.metadata) ?? ''
  const said = event.event_type.endsWith(`.${name}`) ? '' : name
  const marks = [isOutOfOrder ? '(out of order)' : '', event.is_dead_letter ? '(dead letter)' : '', said]
  return {
    after: took((atMicros - startMicros) / 1000),
    event: printable([event.event_type, ...marks].filter(each => each !== '').join(' ')),
    source: printable(event.source),
    lasted: lastsMicros === undefined ? '' : `${took(lastsMicros / 1000)}${isOpen ? ' …' : ''}`,
  }
}

/** The bars get what the texts leave. Where that is too little, long names are cut, then the source goes, then the lasting. */
function layoutOf(texts: readonly Texts[], width: number): Layout {
  const widest = (of: (text: Texts) => string, title: string): number =>
    texts.reduce((most, text) => Math.max(most, widthOf(of(text))), title.length)
  const room = width - indent.length
  const after = widest(text => text.after, 'AFTER')
  const lasted = widest(text => text.lasted, 'LASTED')
  const event = widest(text => text.event, 'EVENT')
  const source = widest(text => text.source, 'SOURCE')
  const attempts: readonly Omit<Layout, 'bars'>[] = [
    { after, event, source, lasted },
    { after, event: Math.min(event, 28), source: Math.min(source, 16), lasted },
    { after, event: Math.min(event, 24), source: 0, lasted },
    { after, event: Math.min(event, 16), source: 0, lasted },
    { after, event: Math.min(event, 16), source: 0, lasted: 0 },
  ]
  const barsOf = (each: Omit<Layout, 'bars'>): number => {
    const taken = [each.after, each.event, each.source, each.lasted].filter(cells => cells > 0)
    return room - taken.reduce((sum, cells) => sum + cells + gap.length, 0)
  }
  // A third of the line is for the bars, or names are cut.
  const wanted = Math.max(barsMin, Math.floor(width / 3))
  const best = attempts.find(each => barsOf(each) >= wanted) ?? attempts.at(-1)!
  return { ...best, bars: Math.min(barsMax, Math.max(barsMin, barsOf(best))) }
}

function lineOf(cells: readonly string[], { after, event, source, bars, lasted }: Layout): string {
  const widths = [after, event, source, bars, lasted]
  return `${indent}${cells.filter((_, at) => widths[at]! > 0).join(gap)}`.trimEnd()
}

function headOf(layout: Layout, lengthMicros: number): string {
  const [from, to] = ['0', took(lengthMicros / 1000)]
  const dots = Math.max(0, layout.bars - from.length - to.length - 2)
  const axis = `${from} ${'·'.repeat(dots)} ${to}`
  const cells = [
    cell('AFTER', layout.after, 'right'),
    cell('EVENT', layout.event),
    cell('SOURCE', layout.source),
    cell(axis, layout.bars),
    cell('LASTED', layout.lasted, 'right'),
  ]
  return lineOf(cells, layout)
}

function cell(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  if (width === 0) return ''
  const shown = cutTo(text, width)
  const padding = ' '.repeat(width - widthOf(shown))
  return side === 'right' ? padding + shown : shown + padding
}

function styled(row: TraceRow, style: PictureOptions['style'], text: string): string {
  const look = lookOf(row)
  return look === undefined ? text : style(look, text)
}

function lookOf({ state, isOutOfOrder, isError }: TraceRow): Style | undefined {
  if (state !== undefined) return styleOf(state)
  if (isError) return 'red'
  return isOutOfOrder ? 'yellow' : undefined
}

type Piece = { readonly text: string; readonly look: Style | undefined }

/** Exactly `cells` wide. */
function barOf(row: TraceRow, place: { startMicros: number; endMicros: number; cells: number }): Piece[] {
  const { startMicros, endMicros, cells } = place
  const length = Math.max(1, endMicros - startMicros)
  const at = (micros: number): number => Math.min(cells - 1, Math.floor(((micros - startMicros) / length) * cells))
  const from = at(row.atMicros)
  // It ends before the cell in which the next state begins, where there is room.
  const end = row.lastsMicros === undefined ? from : at(row.atMicros + row.lastsMicros)
  const look = lookOf(row)
  const text = row.state === undefined ? spanBar(row, end - from) : stateBar(row.state, end - from)
  return [
    { text: ' '.repeat(from), look: undefined },
    { text, look },
    { text: ' '.repeat(cells - from - text.length), look: undefined },
  ]
}

/** A state, from its sign on: `●━━━`. */
function stateBar(state: string, length: number): string {
  return isFinal(state) ? signOf(state) : signOf(state) + '━'.repeat(Math.max(0, length - 1))
}

/** A span from end to end, `├──┤`, or a moment. */
function spanBar({ lastsMicros, isError, isOutOfOrder }: TraceRow, length: number): string {
  if (lastsMicros !== undefined && length >= 1) return `├${'─'.repeat(length - 1)}${isError ? '✗' : '┤'}`
  if (isError) return '✗'
  return isOutOfOrder ? '○' : '·'
}
