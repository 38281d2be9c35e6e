import { systemClock } from '@chronicle/base'
import { type TraceColumns, textFromMicros } from '@chronicle/observe'
import type { UrlOptions } from '../api-client.ts'
import { type GivenTime, rangeOf } from '../archive/time.ts'
import { type Column, count, printable, printableJson, printTable, took } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { ObserveClient, type TraceFilter } from './client.ts'
import { patiently } from './patience.ts'
import { signOf, styleOf } from './status-style.ts'

export type TracesOptions = UrlOptions & {
  readonly status?: string
  readonly agent?: string
  readonly owner?: string
  readonly since?: GivenTime
  readonly until?: GivenTime
  readonly limit: number
  readonly json?: boolean
}

/** Shows the newest traces. */
export async function listTraces(terminal: Terminal, options: TracesOptions): Promise<void> {
  const { limit, json } = options
  const filter = filterOf(options)
  const client = new ObserveClient(options)
  const traces = await patiently(terminal, client, () => client.traces(filter, limit))
  if (json) {
    terminal.out(printableJson(traces, 2))
    return
  }
  if (traces.length === 0) {
    const isFiltered = Object.values(filter).some(value => value !== undefined)
    terminal.note(isFiltered ? 'No such traces.' : await noTraces(client))
    return
  }
  printTable(terminal, columnsOf(terminal), traces.map(cellsOf))
  if (traces.length === limit)
    terminal.note(terminal.noteStyle('dim', `The newest ${count(limit)}; --limit takes more.`))
}

/** Who has just sent events is told where they are. */
async function noTraces(client: ObserveClient): Promise<string> {
  const { buffer_size: waiting } = await client.health()
  if (waiting === 0) return 'No traces yet: a trace begins with its first event.'
  const they = waiting === 1 ? 'event waits' : 'events wait'
  return `No traces yet: ${count(waiting)} ${they} for the tables. Look again in some seconds.`
}

function filterOf({ status, agent, owner, since, until }: TracesOptions): TraceFilter {
  const { from, to } = rangeOf({ from: since, to: until }, 'UTC', systemClock.now())
  const text = (ns: bigint | undefined): string | undefined =>
    ns === undefined ? undefined : textFromMicros(Number(ns / 1000n))
  return { status, agent, owner, since: text(from), until: text(to) }
}

function columnsOf(terminal: Terminal): Column[] {
  return [
    { title: 'trace', cut: 'last' },
    { title: 'title', cut: 'first', cutMin: 20 },
    { title: 'status', style: text => terminal.style(styleOf(text.slice(2)), text) },
    { title: 'agent', cut: 'first', cutMin: 12, optional: true },
    { title: 'started (UTC)', style: text => terminal.style('dim', text), optional: true },
    { title: 'took', right: true },
    { title: 'spans', right: true, optional: true },
  ]
}

function cellsOf(trace: TraceColumns): string[] {
  const { trace_id, task_title, status, assigned_agent, started_at, duration_ms, span_count } = trace
  return [
    printable(trace_id),
    printable(task_title ?? ''),
    `${signOf(status)} ${printable(status)}`,
    printable(assigned_agent ?? ''),
    started_at === null ? '' : shortTime(started_at),
    duration_ms === null ? '' : took(duration_ms),
    count(span_count),
  ]
}

/** `11-21 13:05:07` of a time in RFC 3339. */
function shortTime(time: string): string {
  return printable(time.slice(5, 19).replace('T', ' '))
}
