import { stripVTControlCharacters } from 'node:util'
import type { Terminal } from './terminal.ts'

export type Column = {
  readonly title: string
  readonly right?: boolean
  /** Left out where the table is wider than the terminal: the last of them first. */
  readonly optional?: boolean
}

const gap = '  '

/** Prints `rows` in aligned columns under their titles. */
export function printTable(terminal: Terminal, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const widths = columns.map(({ title }, at) => Math.max(title.length, ...rows.map(row => width(row[at] ?? ''))))
  const shown = terminal.isInteractive ? fitting(columns, widths, terminal.columns) : columns
  const line = (cells: readonly string[]): string =>
    cells
      .flatMap((cell, at) => {
        if (!shown.includes(columns[at]!)) return []
        const padding = ' '.repeat(widths[at]! - width(cell))
        return columns[at]!.right ? padding + cell : cell + padding
      })
      .join(gap)
      .trimEnd()
  terminal.out(terminal.style('dim', line(columns.map(({ title }) => title.toUpperCase()))))
  for (const row of rows) terminal.out(line(row))
}

/** As many columns as the room takes, and those that are not optional in any case. */
function fitting(columns: readonly Column[], widths: readonly number[], room: number): readonly Column[] {
  const shown = new Set(columns)
  const needed = () =>
    columns.reduce((sum, each, at) => sum + (shown.has(each) ? widths[at]! + gap.length : 0), -gap.length)
  for (const column of columns.filter(({ optional }) => optional).toReversed()) {
    if (needed() <= room) break
    shown.delete(column)
  }
  return [...shown]
}

function width(text: string): number {
  return stripVTControlCharacters(text).length
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

/** `2026-11-21 13:05:07` in UTC, for people. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** The first so many characters of a hash. */
export function short(hash: string, characters = 12): string {
  return hash.length <= characters ? hash : `${hash.slice(0, characters)}…`
}

/** Text from outside as it may be shown on a terminal: control characters cannot move the cursor or forge a line. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, character => {
    const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
    return escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
