import type { DuckDBValue } from '@duckdb/node-api'
import type { Answer } from '../../archive-sql/database.ts'
import { isNumeric, isProse, type ValueWriter } from '../../archive-sql/values.ts'
import { printable } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { cutTo, widthOf } from '../text-width.ts'
import type { Shape } from './sql-shape.ts'

const between = '  '
/** Texts of a table that is too wide are cut no further. */
const cutWidthMin = 8

/**
 * Aligned columns, as wide as their first rows take. On a terminal texts are cut so that a row is a line, and where that is not enough the last columns are left out, which are
 * named below; elsewhere all is there.
 */
export class SqlTable implements Shape {
  readonly #terminal: Terminal
  readonly #columns: Answer['columns']
  readonly #values: ValueWriter
  #widths: readonly number[] | undefined

  constructor(terminal: Terminal, columns: Answer['columns'], values: ValueWriter) {
    this.#terminal = terminal
    this.#columns = columns
    this.#values = values
  }

  begin(): string {
    return ''
  }

  rows(rows: readonly (readonly DuckDBValue[])[]): string {
    const cells = rows.map(row => row.map((value, at) => this.#cell(value, at)))
    const head = this.#widths === undefined ? this.#head(cells) : ''
    return head + cells.map(row => this.#line(row)).join('')
  }

  end(): string {
    const head = this.#widths === undefined ? this.#head([]) : ''
    const missing = this.#columns.slice(this.#widths!.length).map(({ name }) => printable(name))
    if (missing.length === 0) return head
    const told = `not shown, for the terminal is too narrow: ${missing.join(', ')}; --csv has all`
    return `${head}${this.#terminal.style('dim', told)}\n`
  }

  #cell(value: DuckDBValue, column: number): string | undefined {
    const text = this.#values.text(value, this.#columns[column]!.type)
    return text === undefined ? undefined : printable(text)
  }

  /** Settles the widths. */
  #head(rows: readonly (readonly (string | undefined)[])[]): string {
    const names = this.#columns.map(({ name }) => printable(name))
    const wanted = names.map((name, at) =>
      rows.reduce((width, row) => Math.max(width, widthOf(row[at] ?? 'NULL')), widthOf(name)),
    )
    this.#widths = this.#terminal.isInteractive ? fitted(wanted, this.#columns, this.#terminal.columns) : wanted
    return `${this.#terminal.style('dim', this.#aligned(names).trimEnd())}\n`
  }

  #line(cells: readonly (string | undefined)[]): string {
    return `${this.#aligned(cells).trimEnd()}\n`
  }

  #aligned(cells: readonly (string | undefined)[]): string {
    return cells
      .slice(0, this.#widths!.length)
      .map((cell, at) => {
        const width = this.#widths![at]!
        const isCut = this.#terminal.isInteractive && isProse(this.#columns[at]!.type)
        const text = isCut ? cutTo(cell ?? 'NULL', width) : (cell ?? 'NULL')
        const padding = ' '.repeat(Math.max(0, width - widthOf(text)))
        const shown = cell === undefined ? this.#terminal.style('dim', text) : text
        return isNumeric(this.#columns[at]!.type) ? padding + shown : shown + padding
      })
      .join(between)
  }
}

/** The widest texts give way, all to the same width, until the table fits; then the last columns do, and the first one never. */
function fitted(wanted: readonly number[], columns: Answer['columns'], room: number): readonly number[] {
  const cut = (most: number) => wanted.map((width, at) => (isProse(columns[at]!.type) ? Math.min(width, most) : width))
  const total = (widths: readonly number[]) =>
    widths.reduce((sum, width) => sum + between.length + width, -between.length)
  for (let most = Math.max(...wanted); most > cutWidthMin; most--) {
    const widths = cut(most)
    if (total(widths) <= room) return widths
  }
  let widths = cut(cutWidthMin)
  while (widths.length > 1 && total(widths) > room) widths = widths.slice(0, -1)
  return widths
}
