import { type Column, count, printable, printTable } from '../format.ts'
import type { Terminal } from '../terminal.ts'

/** How a table in force and the rebuilt one differ, as the server says it. */
export type ShownTable = {
  readonly table: string
  readonly equal: number
  readonly only_old: number
  readonly only_new: number
  readonly different: number
  readonly columns: Readonly<Record<string, number>>
  readonly examples: readonly ShownDifference[]
}

export type ShownDifference = {
  readonly key: Readonly<Record<string, string>>
  readonly difference: 'only-old' | 'only-new' | 'different'
  readonly columns: readonly string[]
}

/** Rows of each table, and under it the first ones that differ. */
export function printComparison(terminal: Terminal, tables: readonly ShownTable[]): void {
  const marked = (text: string) => (text === '0' ? text : terminal.style('yellow', text))
  const columns: Column[] = [
    { title: 'table' },
    { title: 'equal', right: true },
    { title: 'differ', right: true, style: marked },
    { title: 'only in force', right: true, style: marked },
    { title: 'only rebuilt', right: true, style: marked },
    { title: 'columns that differ', cut: 'first', cutMin: 20 },
  ]
  printTable(terminal, columns, tables.map(cellsOf))
  const examples = tables.flatMap(table => table.examples.map(example => ({ table: table.table, ...example })))
  if (examples.length === 0) return
  terminal.out()
  printTable(
    terminal,
    [{ title: 'for example' }, { title: 'row', cut: 'first', cutMin: 36 }, { title: 'what', cut: 'last' }],
    examples.map(({ table, key, difference, columns: changed }) => [
      table,
      printable(Object.values(key).join(' ')),
      { 'only-old': 'only in force', 'only-new': 'only rebuilt', different: changed.join(', ') }[difference],
    ]),
  )
}

function cellsOf({ table, equal, different, only_old, only_new, columns }: ShownTable): string[] {
  const changed = Object.entries(columns).map(([name, rows]) => `${name} ${count(rows)}`)
  return [table, count(equal), count(different), count(only_old), count(only_new), changed.join(', ')]
}
