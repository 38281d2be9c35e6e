import type { DuckDBValue } from '@duckdb/node-api'
import type { Answer } from '../../archive-sql/database.ts'
import { isNumeric, isProse, type ValueWriter } from '../../archive-sql/values.ts'
import { printable } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import type { Shape } from './sql-shape.ts'
import { cutTo, widthOf } from './text-width.ts'

const between = '  '
/** Texts of a table that is too wide are cut no further. */
const cutWidthMin = 8

/** Aligned columns, as wide as their first rows take. On a terminal texts are cut so that a row is a line, where that can be; elsewhere nothing is cut. */
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
    return this.#widths === undefined ? this.#head([]) : ''
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

/** The widest texts give way, all to the same width, until the table fits. */
function fitted(wanted: readonly number[], columns: Answer['columns'], room: number): readonly number[] {
  const cut = (most: number) => wanted.map((width, at) => (isProse(columns[at]!.type) ? Math.min(width, most) : width))
  const gaps = between.length * (wanted.length - 1)
  for (let most = Math.max(...wanted); most > cutWidthMin; most--) {
    const widths = cut(most)
    if (widths.reduce((sum, width) => sum + width, gaps) <= room) return widths
  }
  return cut(cutWidthMin)
}
