import type { TraceStatus } from '@chronicle/observe'
import type { Style } from '../terminal.ts'

export const traceStatuses = [
  'pending',
  'assigned',
  'in_progress',
  'completed',
  'failed',
  'timed_out',
] as const satisfies readonly TraceStatus[]

/** Colours say what a trace needs: nothing (green), patience (blue, cyan), a look (red, magenta). */
const styles: Readonly<Record<TraceStatus, Style>> = {
  pending: 'yellow',
  assigned: 'cyan',
  in_progress: 'blue',
  completed: 'green',
  failed: 'red',
  timed_out: 'magenta',
}

/** Said without colours too: what is over has a sign. */
const signs: Readonly<Record<TraceStatus, string>> = {
  pending: '●',
  assigned: '●',
  in_progress: '●',
  completed: '✓',
  failed: '✗',
  timed_out: '!',
}

export function isTraceStatus(text: string): text is TraceStatus {
  return (traceStatuses as readonly string[]).includes(text)
}

/** Of a status that a newer server may have and this program does not know: none. */
export function styleOf(status: string): Style {
  return isTraceStatus(status) ? styles[status] : 'bold'
}

export function signOf(status: string): string {
  return isTraceStatus(status) ? signs[status] : '●'
}
