import type { Queries } from '../database/contract.ts'

/** The key of a table: its columns in their order, with their types. */
export type Key = readonly { readonly name: string; readonly type: string }[]

/** Rows whose key lies behind `after` and not behind `upTo`; undefined: from the start, to the end. Keys are texts of their columns. */
export type Portion = { readonly after: readonly string[] | undefined; readonly upTo: readonly string[] | undefined }

/**
 * Cuts tables that have the same key into portions of at most `size` rows of each, in the order of the key, so that each of them can be worked on in one short statement. Rows that come or go
 * meanwhile lie in one portion or another.
 */
export async function* portionsOf(
  queries: Queries,
  tables: readonly string[],
  key: Key,
  size: number,
): AsyncGenerator<Portion> {
  let after: readonly string[] | undefined
  for (;;) {
    const upTo = await endOf(queries, tables, key, size, after)
    yield { after, upTo }
    if (upTo === undefined) return
    after = upTo
  }
}

/** The condition that rows of `table` lie in `portion`; its values go behind `values`. */
export function within(portion: Portion, key: Key, table: string, values: string[]): string {
  const columns = `(${key.map(({ name }) => `${table}."${name}"`).join(', ')})`
  const row = (place: readonly string[]): string =>
    `(${place.map((text, at) => `$${values.push(text)}::${key[at]!.type}`).join(', ')})`
  const conditions = ['true']
  if (portion.after !== undefined) conditions.push(`${columns} > ${row(portion.after)}`)
  if (portion.upTo !== undefined) conditions.push(`${columns} <= ${row(portion.upTo)}`)
  return conditions.join(' and ')
}

/** The least key that one of the tables has at the end of a portion; undefined when all of them end before. */
async function endOf(
  queries: Queries,
  tables: readonly string[],
  key: Key,
  size: number,
  after: readonly string[] | undefined,
): Promise<readonly string[] | undefined> {
  const values: string[] = []
  const names = key.map(({ name }) => `"${name}"`).join(', ')
  const ends = tables.map(table => {
    const behind = within({ after, upTo: undefined }, key, 'each', values)
    return `(select ${names} from ${table} as each where ${behind} order by ${names} offset ${size - 1} limit 1)`
  })
  const texts = key.map(({ name }) => `"${name}"::text as "${name}"`).join(', ')
  const [row] = await queries.query<Record<string, string>>(
    `select ${texts} from (${ends.join(' union all ')}) as ends order by ${key.map(({ name }) => `ends."${name}"`).join(', ')} limit 1`,
    values,
  )
  return row && key.map(({ name }) => row[name]!)
}
