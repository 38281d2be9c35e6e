import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from './terminal.ts'
import { cutTo, widthOf } from './text-width.ts'

export type Column = {
  readonly title: string
  readonly right?: boolean
  /** Left out where the table is wider than the terminal: the last of them first. */
  readonly optional?: boolean
  /** Plain text that is cut before any column is left out, though not below `cutMin` cells, or, `last`, when nothing else is left to do. */
  readonly cut?: 'first' | 'last'
  readonly cutMin?: number
  /** Applied to the text as it is shown, which is plain then. */
  readonly style?: (text: string) => string
}

const gap = '  '
/** Texts are cut to no less. */
const cutWidthMin = 8

/** Prints `rows` in aligned columns under their titles. On a terminal a row is a line, as far as cutting and leaving out gets there. */
export function printTable(terminal: Terminal, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const wanted = columns.map(({ title }, at) => Math.max(title.length, ...rows.map(row => width(row[at] ?? ''))))
  const widths = terminal.isInteractive ? fitted(columns, wanted, terminal.columns) : wanted
  const line = (cells: readonly string[], isHead = false): string =>
    cells
      .flatMap((cell, at) => {
        const { right, cut, style } = columns[at]!
        if (widths[at] === 0) return []
        const text = cut ? cutTo(cell, widths[at]!) : cell
        const padding = ' '.repeat(Math.max(0, widths[at]! - width(text)))
        const styled = style === undefined || isHead || text === '' ? text : style(text)
        return right ? padding + styled : styled + padding
      })
      .join(gap)
      .trimEnd()
  const titles = columns.map(({ title }) => title.toUpperCase())
  terminal.out(terminal.style('dim', line(titles, true)))
  for (const row of rows) terminal.out(line(row))
}

/** The columns' widths in a room, 0 for those that are left out. */
function fitted(columns: readonly Column[], wanted: readonly number[], room: number): readonly number[] {
  const leastOf = (kind: Column['cut'], least: (column: Column) => number): readonly (number | undefined)[] =>
    columns.map(column => (column.cut === kind ? least(column) : undefined))
  const gently = leastOf('first', ({ cutMin = cutWidthMin }) => cutMin)
  const optional = columns.map((_, at) => at).filter(at => columns[at]!.optional)
  let widths = [...wanted]
  for (;;) {
    const cut = narrowed(widths, room, gently)
    const last = optional.pop()
    if (total(cut) <= room) return cut
    if (last === undefined) break
    widths[last] = 0
  }
  for (const kind of ['first', 'last'] as const) {
    widths = narrowed(
      widths,
      room,
      leastOf(kind, () => cutWidthMin),
    )
  }
  return widths
}

/** The widest of the columns that have a least width give way until all fit, or none can be cut further. */
function narrowed(widths: readonly number[], room: number, least: readonly (number | undefined)[]): number[] {
  const cut = [...widths]
  const choices = cut.map((_, at) => at).filter(at => least[at] !== undefined)
  while (total(cut) > room) {
    const open = choices.filter(at => cut[at]! > least[at]!)
    const [widest] = open.toSorted((a, b) => cut[b]! - cut[a]!)
    if (widest === undefined) break
    cut[widest]!--
  }
  return cut
}

function total(widths: readonly number[]): number {
  const shown = widths.filter(each => each > 0)
  return shown.reduce((sum, each) => sum + each, 0) + gap.length * Math.max(0, shown.length - 1)
}

function width(text: string): number {
  return widthOf(stripVTControlCharacters(text))
}

/** `1234567` as `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 record`, `2 records`. */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`
}

/** Bytes as a person says them: `3.2 MB`. */
export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** A time as a person says it: `12 s`, `5 min`, `3 hours`, `12 days`. */
export function span(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 2 * 86_400) return plural(Math.floor(seconds / 3600), 'hour')
  return plural(Math.floor(seconds / 86_400), 'day')
}

/** A measured time as a person says it: `850 ms`, `12.5 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function took(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const two = (whole: number, unit: string, rest: number, restUnit: string): string =>
    rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`
  if (seconds < 3600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.floor(minutes / 60)
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** `2026-11-21 13:05:07` in UTC, for people. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** The first so many characters of a hash. */
export function short(hash: string, characters = 12): string {
  return hash.length <= characters ? hash : `${hash.slice(0, characters)}…`
}

/** What would move the cursor, begin a line or turn the direction of writing: controls, line separators, overrides of the order of characters. */
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** S30. Text from outside as it may be shown on a terminal: it cannot move the cursor, forge a line, or show itself in another order. */
export function printable(text: string): string {
  return text.replace(unprintable, character => {
    const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
    const code = character.charCodeAt(0).toString(16)
    return escapes[character] ?? (code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`)
  })
}

/** JSON that is as harmless on a terminal as {@link printable} text, and the same JSON for a program. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(unprintable, character =>
    // The line feeds between the lines are ours: those in texts are escaped already.
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
