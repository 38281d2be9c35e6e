import type { DuckDBValue } from '@duckdb/node-api'
import type { Answer } from '../../archive-sql/database.ts'
import type { ValueWriter } from '../../archive-sql/values.ts'
import { plural, printable } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import type { Shape } from './sql-shape.ts'
import { SqlTable } from './sql-table.ts'

export type SqlFormat = 'table' | 'json' | 'jsonl' | 'csv'

type Columns = Answer['columns']

/** Prints an answer as its rows come: no more of them are in memory than come at a time. */
export async function printAnswer(
  terminal: Terminal,
  answer: Answer,
  { format, values }: { format: SqlFormat; values: ValueWriter },
): Promise<void> {
  const { columns, changed } = answer
  if (columns.length === 0) {
    if (changed !== undefined) noteCount(terminal, `${plural(changed, 'row')} changed`)
    return
  }
  const shape = answer.isPlan && format === 'table' ? plan : shapeOf(terminal, columns, { format, values })
  let rows = 0
  await terminal.write(shape.begin())
  for await (const some of answer.rows()) {
    rows += some.length
    await terminal.write(shape.rows(some))
  }
  await terminal.write(shape.end())
  if (format === 'table' && shape !== plan) noteCount(terminal, plural(rows, 'row'))
}

function shapeOf(
  terminal: Terminal,
  columns: Columns,
  { format, values }: { format: SqlFormat; values: ValueWriter },
): Shape {
  if (format === 'csv') return csv(columns, values)
  if (format === 'jsonl') return jsonLines(columns, values)
  if (format === 'json') return jsonArray(columns, values)
  return new SqlTable(terminal, columns, values)
}

/** RFC 4180 with line feeds. NULL is nothing, and a text of no characters `""`. */
function csv(columns: Columns, values: ValueWriter): Shape {
  const cell = (text: string | undefined): string => {
    if (text === undefined) return ''
    return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return {
    begin: () => `${columns.map(({ name }) => cell(name)).join()}\n`,
    rows: rows =>
      rows.map(row => `${row.map((value, at) => cell(values.text(value, columns[at]!.type))).join()}\n`).join(''),
    end: () => '',
  }
}

function jsonLines(columns: Columns, values: ValueWriter): Shape {
  const object = jsonObjects(columns, values)
  return { begin: () => '', rows: rows => rows.map(row => `${object(row)}\n`).join(''), end: () => '' }
}

function jsonArray(columns: Columns, values: ValueWriter): Shape {
  const object = jsonObjects(columns, values)
  let before = '\n'
  return {
    begin: () => '[',
    rows(rows) {
      const text = before + rows.map(object).join(',\n')
      before = ',\n'
      return text
    },
    end: () => (before === '\n' ? ']\n' : '\n]\n'),
  }
}

function jsonObjects(columns: Columns, values: ValueWriter): (row: readonly DuckDBValue[]) => string {
  const names = columns.map(({ name }) => JSON.stringify(name))
  return row => `{${row.map((value, at) => `${names[at]}:${values.json(value, columns[at]!.type)}`).join()}}`
}

/** A plan is drawn: its lines are shown as they are. */
const plan: Shape = {
  begin: () => '',
  rows: rows =>
    rows
      .flatMap(row => `${row.at(-1)}`.split('\n'))
      .map(line => `${printable(line)}\n`)
      .join(''),
  end: () => '',
}

function noteCount(terminal: Terminal, text: string): void {
  if (terminal.isInteractive) terminal.note(terminal.noteStyle('dim', text))
}
