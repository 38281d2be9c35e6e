import type { LogMove, LogPosition } from '../contract.ts'
import type { Queries } from '../database/contract.ts'
import { observeErrors } from '../errors.ts'
import { encodeRows, incoming, upsert } from './columns.ts'

const columns = { topic_id: 'text', partition: 'int', next_offset: 'bigint' } as const

const moveColumns = { ...columns, from_offset: 'bigint' } as const

// Moves what is where the batch begins, and gives back the rest. What is where the batch ends was moved by the same batch, whose commit nobody was told of.
const move = `with moves as (select * from ${incoming(moveColumns)}),
  changed as (update observe_position as stored set next_offset = moves.next_offset from moves
    where stored.topic_id = moves.topic_id and stored.partition = moves.partition
      and stored.next_offset in (moves.from_offset, moves.next_offset)
    returning stored.topic_id, stored.partition),
  added as (insert into observe_position (topic_id, partition, next_offset)
    select topic_id, partition, next_offset from moves where from_offset is null
    on conflict do nothing returning topic_id, partition)
  select moves.partition, moves.from_offset, stored.next_offset as stored_offset
    from moves left join observe_position as stored using (topic_id, partition)
    where (moves.topic_id, moves.partition) not in (select * from changed union all select * from added)
    order by moves.topic_id, moves.partition`

type Elsewhere = {
  readonly partition: number
  readonly from_offset: number | null
  readonly stored_offset: number | null
}

/**
 * Moves positions from where the batch begins to where it ends. Fails with 'observe.positions-moved' where one of them is elsewhere: a database that lost its last commits in a failover, or was
 * restored, lacks events before the batch (OD11).
 */
export async function movePositions(queries: Queries, moves: readonly LogMove[]): Promise<void> {
  if (moves.length === 0) return
  const rows = moves.map(({ topicId, partition, offset, from }) => ({
    topic_id: topicId,
    partition,
    next_offset: offset,
    from_offset: from ?? null,
  }))
  const [elsewhere] = await queries.query<Elsewhere>(move, [encodeRows(moveColumns, rows)])
  if (elsewhere === undefined) return
  const { partition, from_offset, stored_offset } = elsewhere
  throw observeErrors.create('observe.positions-moved', {
    partition,
    expected: from_offset ?? 'none',
    found: stored_offset ?? 'none',
  })
}

/** Makes these the positions, whatever they were. */
export async function setPositions(queries: Queries, positions: readonly LogPosition[]): Promise<void> {
  const rows = positions.map(({ topicId, partition, offset }) => ({
    topic_id: topicId,
    partition,
    next_offset: offset,
  }))
  await queries.query(upsert('observe_position', columns, ['topic_id', 'partition']), [encodeRows(columns, rows)])
}

export async function readPositions(queries: Queries): Promise<LogPosition[]> {
  const rows = await queries.query<{ topic_id: string; partition: number; next_offset: number }>(
    'select topic_id, partition, next_offset from observe_position order by topic_id, partition',
  )
  return rows.map(row => ({ topicId: row.topic_id, partition: row.partition, offset: row.next_offset }))
}
