import type { UrlOptions } from '../api-client.ts'
import { count, plural, printable, printableJson } from '../format.ts'
import { exitCodes } from '../report.ts'
import { bar, type Sign, StatusLines, signed } from '../status-lines.ts'
import type { Terminal } from '../terminal.ts'
import { ObserveClient, type ObserveHealth, type SourceHealth } from './client.ts'
import { shownTime } from './shown-time.ts'

export type StatusOptions = UrlOptions & { readonly json?: boolean }

const nameWidth = 8

/** Shows how observe is. Returns the exit code: 0 when all is well. */
export async function showStatus(terminal: Terminal, options: StatusOptions): Promise<number> {
  const health = await new ObserveClient(options).health()
  if (options.json) terminal.out(printableJson(health, 2))
  else printStatus(terminal, options.url, health)
  return health.status === 'pass' ? exitCodes.ok : exitCodes.failure
}

function printStatus(terminal: Terminal, url: string, health: ObserveHealth): void {
  const { status, alerts, database, sources } = health
  const style = status === 'pass' ? 'green' : status === 'warn' ? 'yellow' : 'red'
  const lines = new StatusLines(terminal, nameWidth)
  terminal.out(`${terminal.style(['bold', style], verdicts[status])}  ${terminal.style('dim', printable(url))}`)
  terminal.out()
  lines.begin('buffer', bufferOf(terminal, health))
  for (const [topic, lag] of Object.entries(health.lag)) {
    if (lag > 0) lines.more(`${count(lag)} in ${printable(topic)}`)
  }
  lines.begin('database', signed(terminal, databaseSign(database.state), databaseState(database)))
  if (database.reason !== null) lines.more(databaseTrouble(database))
  for (const [name, source] of Object.entries(sources)) {
    lines.begin('sources', signed(terminal, sourceSign(source), sourceInWords(name, source)))
    for (const { stream, state, reason } of source.streams ?? []) {
      const why = reason === undefined ? '' : `, ${printable(reason)}`
      lines.more(`${printable(stream)}: ${printable(state)}${why}`, streamSign(state))
    }
  }
  if (alerts.length === 0) lines.begin('alerts', signed(terminal, 'good', 'none'))
  for (const { name, since, detail } of alerts) {
    lines.begin('alerts', signed(terminal, 'bad', `${printable(name)} since ${shownTime(since)}`))
    lines.more(printable(detail))
  }
}

const verdicts: Readonly<Record<ObserveHealth['status'], string>> = {
  pass: 'All is well',
  warn: 'It works, and something needs a look',
  fail: 'It does not serve',
}

function bufferOf(terminal: Terminal, { buffer_size: size, buffer_max_size: max }: ObserveHealth): string {
  return `${bar(terminal, size, max)} ${plural(size, 'event')} of ${count(max)} ${size === 1 ? 'waits' : 'wait'} for the tables`
}

function databaseState({ state }: ObserveHealth['database']): string {
  return state === 'unused' ? 'not opened yet: the first event or query does' : printable(state)
}

function databaseTrouble({ failures_in_a_row: failures, reason }: ObserveHealth['database']): string {
  const often = failures === 0 ? '' : ` (${plural(failures, 'failure')} in a row; the log keeps the events)`
  return `${printable(reason ?? '')}${often}`
}

function databaseSign(state: string): Sign {
  if (state === 'unused' || state === 'opening') return 'off'
  return state === 'open' ? 'good' : 'bad'
}

function sourceInWords(name: string, { state, reason }: SourceHealth): string {
  const words = state === 'held' ? 'held back until the buffer has room' : printable(state)
  return `${printable(name)}: ${words}${reason === undefined ? '' : `, ${printable(reason)}`}`
}

function sourceSign({ state }: SourceHealth): Sign {
  if (state === 'off') return 'off'
  return state === 'accepting' || state === 'reading' || state === 'connected' ? 'good' : 'bad'
}

function streamSign(state: string): Sign {
  return state === 'reading' ? 'good' : 'bad'
}
