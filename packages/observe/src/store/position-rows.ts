import type { LogPosition } from '../contract.ts'
import type { Queries } from '../database/contract.ts'
import { encodeRows, incoming } from './columns.ts'

const columns = { topic_id: 'text', partition: 'int', next_offset: 'bigint' } as const

const replacedColumns = { ...columns, instead_of: 'bigint' } as const

// The only way back: from a position that the log does not reach any more. What is appended there is new, and would be passed over after a restart (OL5).
const replace = `update observe_position set next_offset = incoming.next_offset from ${incoming(replacedColumns)}
  where observe_position.topic_id = incoming.topic_id and observe_position.partition = incoming.partition
    and observe_position.next_offset = incoming.instead_of`

// Otherwise a position never goes back: whoever comes late with a batch that was written already changes nothing (OD2).
const advance = `insert into observe_position (topic_id, partition, next_offset)
  select topic_id, partition, next_offset from ${incoming(columns)}
  on conflict (topic_id, partition) do update set next_offset = greatest(observe_position.next_offset, excluded.next_offset)`

export async function advancePositions(queries: Queries, positions: readonly LogPosition[]): Promise<void> {
  if (positions.length === 0) return
  const rows = positions.map(({ topicId, partition, offset }) => ({
    topic_id: topicId,
    partition,
    next_offset: offset,
  }))
  const replaced = positions.flatMap(({ insteadOf }, at) =>
    insteadOf === undefined ? [] : [{ ...rows[at]!, instead_of: insteadOf }],
  )
  if (replaced.length > 0) await queries.query(replace, [encodeRows(replacedColumns, replaced)])
  await queries.query(advance, [encodeRows(columns, rows)])
}

export async function readPositions(queries: Queries): Promise<LogPosition[]> {
  const rows = await queries.query<{ topic_id: string; partition: number; next_offset: number }>(
    'select topic_id, partition, next_offset from observe_position order by topic_id, partition',
  )
  return rows.map(row => ({ topicId: row.topic_id, partition: row.partition, offset: row.next_offset }))
}
