import { columnsOf, horizonText, namesOf, type Shadow } from './shadow.ts'

/**
 * Makes the days of agents before the horizon those of the tables in force, as they are now (OR2). A day lies wholly before it or not at all, for it is a midnight, and no event before the horizon
 * is taken any more.
 */
export async function carryDays(shadow: Shadow): Promise<void> {
  const { old, made } = namesOf(shadow, 'agent_metrics')
  const before = `metric_date < ($1::timestamptz at time zone 'UTC')::date`
  await shadow.tables.transaction(async queries => {
    const columns = await columnsOf(queries, made)
    const changes = columns.map(name => `${name} = excluded.${name}`).join(', ')
    const rowOf = (table: string): string => `(${columns.map(name => `${table}.${name}`).join(', ')})`
    await queries.query(
      `delete from ${made} as made where ${before}
        and not exists (select from ${old} as old where (old.agent_id, old.metric_date) = (made.agent_id, made.metric_date))`,
      [horizonText(shadow)],
    )
    await queries.query(
      `insert into ${made} as made (${columns.join(', ')}) select ${columns.join(', ')} from ${old} as old where ${before}
        on conflict (agent_id, metric_date) do update set ${changes} where ${rowOf('made')} is distinct from ${rowOf('excluded')}`,
      [horizonText(shadow)],
    )
  })
}
