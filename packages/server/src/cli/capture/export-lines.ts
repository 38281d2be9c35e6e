/** Objects as lines of JSON, or as CSV (RFC 4180). */
import { printable, printableJson } from '../format.ts'
import type { Columns } from './export-source.ts'
import type { ExportFormat } from './names.ts'

export type Lines = {
  /** Before the first line. */
  readonly head: string
  line(item: object): string
}

/** `isShown`: on a terminal, which what stands in a title must not move about in. */
export function linesAs(format: ExportFormat, columns: Columns, isShown: boolean): Lines {
  if (format === 'ndjson') {
    const text = isShown ? (item: object) => printableJson(item) : (item: object) => JSON.stringify(item)
    return { head: '', line: item => `${text(item)}\n` }
  }
  const end = isShown ? '\n' : '\r\n'
  const cell = isShown ? (value: unknown) => field(printable(textOf(value))) : (value: unknown) => field(textOf(value))
  return {
    head: columns.map(({ name }) => name).join(',') + end,
    line: item => columns.map(({ path }) => cell(valueAt(item, path))).join(',') + end,
  }
}

function valueAt(item: object, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], item)
}

/** Lists are their members with spaces between them, as colours have none; objects are JSON. */
function textOf(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.join(' ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
