/**
 * Events over time, as a picture with an axis:
 *
 *     ▂▇█▅ ▁      ▃█▇
 *     ████▂█▃▁···▅███▂
 *     10:00   10:30   11:00
 *     A column is 2 min, the highest 412 events.
 */
import { plural } from '../format.ts'
import type { Style } from '../terminal.ts'

export type ActivityPicture = {
  readonly fromMs: number
  readonly stepMs: number
  /** Events of each step. */
  readonly cells: readonly number[]
}

const rows = 3
const levels = ' ▁▂▃▄▅▆▇█'
const levelsOfRow = levels.length - 1
export const indent = '  '
const cellsMax = 120

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
/** What a cell may stand for: lengths that people count in. */
const steps = [
  ...[1, 2, 5, 10, 15, 30].map(each => each * second),
  ...[1, 2, 5, 10, 15, 30].map(each => each * minute),
  ...[1, 2, 3, 6, 12].map(each => each * hour),
  ...[1, 2, 7, 14, 28].map(each => each * day),
]

/** How a range is cut for a terminal that is so wide, in steps of at least `leastMs`. */
export function cutRange(
  { fromMs, toMs, leastMs }: { fromMs: number; toMs: number; leastMs: number },
  width: number,
): { fromMs: number; toMs: number; stepMs: number } {
  const room = Math.max(10, Math.min(cellsMax, width - 2 * indent.length))
  const alignedTo = (stepMs: number) => Math.floor(fromMs / stepMs) * stepMs
  const fitting = steps.find(each => each >= leastMs && (toMs - alignedTo(each)) / each <= room)
  const stepMs = fitting ?? Math.ceil((toMs - fromMs) / (room - 1) / day) * day
  return { fromMs: alignedTo(stepMs), toMs, stepMs }
}

/** The lines of the picture. */
export function drawActivity(picture: ActivityPicture, style: (style: Style, text: string) => string): string[] {
  const { cells, stepMs } = picture
  const most = Math.max(1, ...cells)
  const heights = cells.map(events =>
    events === 0 ? 0 : Math.max(1, Math.round((events / most) * rows * levelsOfRow)),
  )
  const lines = Array.from({ length: rows }, (_, at) => {
    const below = (rows - 1 - at) * levelsOfRow
    const isLowest = below === 0
    const line = heights.map(height =>
      isLowest && height === 0 ? '·' : levels[Math.max(0, Math.min(levelsOfRow, height - below))]!,
    )
    return indent + coloured(line.join('').trimEnd(), style)
  })
  const said = `A column is ${lengthOf(stepMs)}, the highest ${plural(Math.max(0, ...cells), 'event')}.`
  const axis = axisOf(picture)
  return [...lines, `${indent}${style('dim', axis)}`, `${indent}${style('dim', said)}`]
}

/** Cells without events stay in the background. */
function coloured(line: string, style: (style: Style, text: string) => string): string {
  return line.replace(/·+|[^·]+/g, part => style(part.startsWith('·') ? 'dim' : 'cyan', part))
}

/** Times below their cells, as many as there is room for. */
function axisOf({ fromMs, stepMs, cells }: ActivityPicture): string {
  const text = axisText(stepMs, cells.length * stepMs)
  let line = ''
  for (let at = 0; at < cells.length; at++) {
    const label = text(fromMs + at * stepMs)
    const isRoundEnough = at === 0 || isRound(fromMs + at * stepMs, stepMs, cells.length * stepMs)
    const isRoom = at === 0 || line.length + 3 <= at
    if (isRoundEnough && isRoom && at + label.length <= Math.max(cells.length, label.length))
      line = line.padEnd(at) + label
  }
  return line
}

/** Marks stand where people look for them: full hours, quarters, days. */
function isRound(ms: number, stepMs: number, lengthMs: number): boolean {
  const roundMs = steps.find(each => each > stepMs && lengthMs / each <= 10) ?? stepMs
  return ms % roundMs === 0
}

function axisText(stepMs: number, lengthMs: number): (ms: number) => string {
  const iso = (ms: number) => new Date(ms).toISOString()
  if (stepMs >= day) return ms => iso(ms).slice(5, 10)
  if (lengthMs > day) return ms => (ms % day === 0 ? iso(ms).slice(5, 10) : iso(ms).slice(5, 16).replace('T', ' '))
  return ms => iso(ms).slice(11, ms % minute === 0 ? 16 : 19)
}

/** `30 s`, `2 min`, `6 h`, `1 d`. */
export function lengthOf(ms: number): string {
  for (const [unit, unitMs] of [
    ['d', day],
    ['h', hour],
    ['min', minute],
  ] as const)
    if (ms >= unitMs && ms % unitMs === 0) return `${ms / unitMs} ${unit}`
  return `${ms / second} s`
}
