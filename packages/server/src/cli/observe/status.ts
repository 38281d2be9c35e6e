import type { UrlOptions } from '../api-client.ts'
import { count, plural, printable, printableJson } from '../format.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { ObserveClient, type ObserveHealth, type SourceHealth } from './client.ts'
import { shownTime } from './shown-time.ts'

export type StatusOptions = UrlOptions & { readonly json?: boolean }

const barCells = 20
const nameWidth = 8

/** Shows how observe is. Returns the exit code: 0 when all is well. */
export async function showStatus(terminal: Terminal, options: StatusOptions): Promise<number> {
  const health = await new ObserveClient(options).health()
  if (options.json) terminal.out(printableJson(health, 2))
  else printStatus(terminal, options.url, health)
  return health.status === 'pass' ? exitCodes.ok : exitCodes.failure
}

type Sign = 'good' | 'bad' | 'off'

function printStatus(terminal: Terminal, url: string, health: ObserveHealth): void {
  const { status, alerts, database, sources } = health
  const style = status === 'pass' ? 'green' : status === 'warn' ? 'yellow' : 'red'
  terminal.out(`${terminal.style(['bold', style], verdicts[status])}  ${terminal.style('dim', printable(url))}`)
  terminal.out()
  const line = (name: string, text: string): void =>
    terminal.out(`  ${terminal.style('dim', name.padEnd(nameWidth))}  ${text}`)
  line('buffer', bufferOf(terminal, health))
  for (const [topic, lag] of Object.entries(health.lag)) {
    if (lag > 0) line('', `  ${count(lag)} in ${printable(topic)}`)
  }
  line('database', signed(terminal, databaseSign(database.state), databaseInWords(database)))
  Object.entries(sources).forEach(([name, source], at) => {
    line(at === 0 ? 'sources' : '', signed(terminal, sourceSign(source), sourceInWords(name, source)))
    for (const { stream, state, reason } of source.streams ?? []) {
      const text = `${printable(stream)}: ${printable(state)}${reason === undefined ? '' : `, ${printable(reason)}`}`
      line('', `  ${signed(terminal, streamSign(state), text)}`)
    }
  })
  if (alerts.length === 0) line('alerts', signed(terminal, 'good', 'none'))
  alerts.forEach(({ name, since, detail }, at) => {
    line(at === 0 ? 'alerts' : '', signed(terminal, 'bad', `${printable(name)} since ${shownTime(since)}`))
    line('', `  ${printable(detail)}`)
  })
}

const verdicts: Readonly<Record<ObserveHealth['status'], string>> = {
  pass: 'All is well',
  warn: 'It works, and something needs a look',
  fail: 'It does not serve',
}

function bufferOf(terminal: Terminal, { buffer_size: size, buffer_max_size: max }: ObserveHealth): string {
  const cells = Math.min(barCells, Math.ceil((size / max) * barCells))
  const bar = '█'.repeat(cells) + '░'.repeat(barCells - cells)
  const style = size >= max ? 'red' : size > max / 2 ? 'yellow' : 'green'
  return `${terminal.style(style, bar)} ${plural(size, 'event')} of ${count(max)} ${size === 1 ? 'waits' : 'wait'} for the tables`
}

function databaseInWords({ state, failures_in_a_row: failures, reason }: ObserveHealth['database']): string {
  if (state === 'unused') return 'not opened yet: the first event or query does'
  const why = reason === null ? '' : `: ${printable(reason)}`
  const often = failures === 0 ? '' : ` (${plural(failures, 'failure')} in a row; the log keeps the events)`
  return `${printable(state)}${why}${often}`
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

function signed(terminal: Terminal, sign: Sign, text: string): string {
  const signs = { good: terminal.style('green', '✓'), bad: terminal.style('red', '✗'), off: terminal.style('dim', '·') }
  return `${signs[sign]} ${text}`
}
