import type { ServiceStatus, SourcePosition } from '@chronicle/packer'
import { count, moment, plural, short, size, span } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { askRunning } from './ask.ts'
import { type PackerGlobals, settingsFor } from './globals.ts'

type Status = ServiceStatus & {
  readonly pid: number
  readonly version: string
  readonly archive: string
  readonly ring: string
  readonly metrics: string
  readonly keys: string
  readonly sources: readonly SourcePosition[]
}

/** Shows what the running packer says of itself. */
export async function packerStatus(terminal: Terminal, globals: PackerGlobals, json: boolean): Promise<void> {
  const { places, settings } = settingsFor(terminal, globals)
  const status = (await askRunning(places, { command: 'status' })) as Status
  if (json) {
    terminal.out(JSON.stringify(status, null, 2))
    return
  }
  const { pid, startedMs, archive, ring, metrics, keys, backlogBytes, nextRunMs } = status
  const facts = [
    ['process', `${pid}, for ${span(Date.now() - startedMs)}`],
    ['archive', archive],
    ['ring', `${ring}${backlogBytes === null ? ', cannot be looked at' : `, ${size(backlogBytes)} wait`}`],
    ['keys', keys],
    ['metrics', metrics],
    ['now', nowInWords(status)],
    ['last run', lastRunInWords(status)],
    ['next run', nextRunMs === null ? 'when it is told to' : nextInWords(nextRunMs, settings.timezone)],
  ] as const
  for (const [name, value] of facts) terminal.out(`${terminal.style('dim', name.padEnd(9))} ${value}`)
  for (const { source, position } of status.sources) {
    terminal.out(`${terminal.style('dim', 'packed'.padEnd(9))} ${placeInWords(source, position)}`)
  }
}

/** How far a source was packed, `ring/ID` by bytes and `topic/ID/NAME/PARTITION` by offsets. */
function placeInWords(source: string, position: number): string {
  const [kind, id = '', topic, partition] = source.split('/')
  if (kind === 'topic') return `topic ${topic}, partition ${partition}, up to offset ${count(position)}`
  return `${kind} ${short(id, 8)}, up to byte ${count(position)}`
}

/** With what the clocks of the schedule's zone show then. */
function nextInWords(ms: number, timeZone: string): string {
  if (timeZone === 'UTC') return moment(ms)
  const local = new Date(ms).toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })
  return `${moment(ms)} (${local} in ${timeZone})`
}

const endings = {
  drained: 'nothing left',
  'time-limit': 'its time was up before all was packed',
  stopped: 'it was stopped',
} as const

function nowInWords({ running }: Status): string {
  if (!running) return 'waits for the next run'
  const { reason, doneBytes, totalBytes } = running
  return `packs (${reason}), ${size(doneBytes)} of ${size(totalBytes)}`
}

function lastRunInWords({ lastRun }: Status): string {
  if (!lastRun) return 'none since the start'
  const { endedMs, reason, report, failure } = lastRun
  if (!report) return `${moment(endedMs)} (${reason}) failed: ${failure}`
  const { eventsProcessed, filesCreated, ended, failedSources = [] } = report
  const packed = `${plural(eventsProcessed, 'event')}, ${plural(filesCreated, 'file')}, ${endings[ended]}`
  const missing = failedSources.length === 0 ? '' : `, but not ${failedSources.map(({ source }) => source).join(', ')}`
  return `${moment(endedMs)} (${reason}), ${packed}${missing}`
}
