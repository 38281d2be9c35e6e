import { isDeepStrictEqual } from 'node:util'
import type { AgentRow, SwarmTables } from './tables.ts'

/** A list longer than this is read by nobody. */
const differencesMax = 20
/** How far a p95 out of a sketch may be from the exact one. */
const p95ErrorMax = 0.01

/** What `actual` has otherwise than `expected`, a line a row, at most 20. Of a p95, 1 % and the rounding to whole ms are granted. */
export function tableDifferences(actual: SwarmTables, expected: SwarmTables): string[] {
  return [
    ...rowDifferences('event', actual.events, expected.events, row => row.event_id),
    ...rowDifferences('trace', actual.traces, expected.traces, row => row.trace_id),
    ...rowDifferences(
      'agent',
      actual.agents,
      expected.agents,
      row => `${row.agent_id} on ${row.metric_date}`,
      agreeing,
    ),
  ].slice(0, differencesMax)
}

type Row = Readonly<Record<string, unknown>>

function rowDifferences<T extends Row>(
  kind: string,
  actual: readonly T[],
  expected: readonly T[],
  keyOf: (row: T) => string,
  grant: (actual: T, expected: T) => T = row => row,
): string[] {
  const rows = new Map(actual.map(row => [keyOf(row), row]))
  const lines: string[] = actual.length === rows.size ? [] : [`${kind}s: ${actual.length - rows.size} rows too many`]
  for (const row of expected) {
    const key = keyOf(row)
    const found = rows.get(key)
    rows.delete(key)
    if (found) lines.push(...columnDifferences(`${kind} ${key}`, grant(found, row), row))
    else lines.push(`${kind} ${key} is missing`)
  }
  for (const key of rows.keys()) lines.push(`${kind} ${key} should not be there`)
  return lines
}

function columnDifferences(name: string, actual: Row, expected: Row): string[] {
  return Object.keys(expected)
    .filter(column => !isDeepStrictEqual(actual[column], expected[column]))
    .map(column => `${name}: ${column} is ${text(actual[column])}, not ${text(expected[column])}`)
}

/** `actual` with the p95 of `expected` where it is close enough. */
function agreeing(actual: AgentRow, expected: AgentRow): AgentRow {
  const [is, exact] = [actual.p95_duration_ms, expected.p95_duration_ms]
  if (is === null || exact === null || Math.abs(is - exact) > exact * p95ErrorMax + 0.5) return actual
  return { ...actual, p95_duration_ms: exact }
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'not there'
}
