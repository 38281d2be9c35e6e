import type { UrlOptions } from '../api-client.ts'
import { count, printable, printableJson, took } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { ObserveClient, type ShownTrace, traceEventsMax } from './client.ts'
import { printFacts } from './facts.ts'
import { patiently } from './patience.ts'
import { shownTime } from './shown-time.ts'
import { signOf, styleOf } from './status-style.ts'
import { drawTrace } from './trace-picture.ts'
import { rowsOf } from './trace-rows.ts'

export type TraceOptions = UrlOptions & { readonly spans: number; readonly json?: boolean }

/** Shows one trace with the picture of its events. */
export async function showTrace(terminal: Terminal, id: string, options: TraceOptions): Promise<void> {
  const client = new ObserveClient(options)
  const trace = await patiently(terminal, client, () => client.trace(id))
  if (options.json) {
    terminal.out(printableJson(trace, 2))
    return
  }
  terminal.out(terminal.style('bold', printable(trace.task_title ?? trace.trace_id)))
  printFacts(terminal, factsOf(terminal, trace))
  if (trace.spans.length === 0) return
  terminal.out()
  const style = terminal.style.bind(terminal)
  const picture = { width: terminal.columns, style, rowsMax: options.spans }
  for (const line of drawTrace(rowsOf(trace.spans), picture)) terminal.out(line)
  if (trace.spans.length < trace.span_count) {
    const read = `${count(trace.spans.length)} of ${count(trace.span_count)} events`
    terminal.note(
      `${read} were read: events are kept for less long than traces, and ${count(traceEventsMax)} are the most.`,
    )
  }
}

function factsOf(terminal: Terminal, trace: ShownTrace): (readonly [string, string | undefined])[] {
  const { status, assigned_agent, owner, started_at, duration_ms, time_to_pickup_ms, error, scoring_breakdown } = trace
  const pickup = time_to_pickup_ms === null ? '' : `, picked up after ${took(time_to_pickup_ms)}`
  const late = trace.out_of_order === 0 ? '' : `, ${count(trace.out_of_order)} out of order`
  return [
    ['trace', printable(trace.trace_id)],
    ['status', terminal.style(styleOf(status), `${signOf(status)} ${printable(status)}`)],
    ['error', error === null ? undefined : terminal.style('red', printable(error))],
    ['agent', text(assigned_agent)],
    ['owner', text(owner)],
    ['started', started_at === null ? undefined : `${shownTime(started_at)}${pickup}`],
    ['took', duration_ms === null ? undefined : took(duration_ms)],
    ['events', `${count(trace.span_count)}${late}`],
    ['scoring', scoring_breakdown === null ? undefined : printable(JSON.stringify(scoring_breakdown))],
  ]
}

function text(value: string | null): string | undefined {
  return value === null ? undefined : printable(value)
}
