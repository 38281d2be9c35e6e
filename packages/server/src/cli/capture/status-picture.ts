import type { CaptureStatus, WaitingWindows } from '@chronicle/capture'
import { count, plural, printable, size, span } from '../format.ts'
import { bar, type Sign, StatusLines, signed } from '../status-lines.ts'
import type { Terminal } from '../terminal.ts'
import { folded } from '../text-width.ts'

const nameWidth = 11
const checkWidth = 13
/** Of what stands before the name of a check. */
const indentWidth = 2 + nameWidth + 2 + 2

const verdicts = {
  pass: { text: 'All is well', style: 'green' },
  warn: { text: 'It works, and something needs a look', style: 'yellow' },
  fail: { text: 'It fails', style: 'red' },
} as const

const signs: Readonly<Record<keyof typeof verdicts, Sign>> = { pass: 'good', warn: 'poor', fail: 'bad' }

export function printCaptureStatus(terminal: Terminal, status: CaptureStatus): void {
  const { text, style } = verdicts[status.health.status]
  terminal.out(`${terminal.style(['bold', style], text)}  ${terminal.style('dim', printable(status.database))}`)
  terminal.out()
  const lines = new StatusLines(terminal, nameWidth)
  const ranMs = Date.now() - Date.parse(status.started)
  const database = status.database_bytes === null ? 'cannot be asked' : `has ${size(status.database_bytes)}`
  lines.begin('process', `${status.pid}, for ${span(ranMs)}; the database ${database}`)
  lines.begin('bus', printable(status.bus))
  lines.begin('keys', printable(status.keys))
  printEvents(terminal, lines, status)
  printWindows(lines, status)
  printScreenshots(terminal, lines, status)
  printHealth(terminal, lines, status)
}

function printEvents(terminal: Terminal, lines: StatusLines, { metrics, limits }: CaptureStatus): void {
  const { received, stored, late, repeated, refused, lost } = metrics.events
  const more = [...(late > 0 ? [`${count(late)} late`] : []), ...(repeated > 0 ? [`${count(repeated)} repeated`] : [])]
  lines.begin('events', [`${count(received)} received`, `${count(stored)} stored`, ...more].join(', '))
  if (total(refused) > 0) lines.more(`${count(total(refused))} refused: ${byName(refused)}`, 'poor')
  const allLost = { ...lost, ...metrics.bus.lost }
  if (total(allLost) > 0) lines.more(`${count(total(allLost))} lost: ${byName(allLost)}`, 'bad')
  const { queueEvents, spillEvents, spillBytes } = metrics.waiting
  lines.begin(
    'queue',
    `${bar(terminal, queueEvents, limits.queue_events)} ${plural(queueEvents, 'event')} of ${count(limits.queue_events)} to be stored`,
  )
  const spilled =
    spillEvents === 0 ? 'empty' : `${plural(spillEvents, 'event')}, ${size(spillBytes)} of ${size(limits.spill_bytes)}`
  lines.begin('spill', `${bar(terminal, spillEvents === 0 ? 0 : spillBytes, limits.spill_bytes)} ${spilled}`)
}

function printWindows(lines: StatusLines, { windows, metrics }: CaptureStatus): void {
  const { batchesDelivered, deliveriesFailed } = metrics.windows
  const taken = `${plural(batchesDelivered, 'batch', 'batches')} taken`
  lines.begin('windows', windows ? `${waitingInWords(windows)}; ${taken}` : taken)
  if (deliveriesFailed > 0)
    lines.more(`${plural(deliveriesFailed, 'delivery', 'deliveries')} failed, and came again`, 'poor')
}

function waitingInWords({ open, closed, built }: WaitingWindows): string {
  const waiting = closed + built
  return `${count(open)} open, ${count(waiting)} ${waiting === 1 ? 'waits' : 'wait'} to be taken`
}

function printScreenshots(terminal: Terminal, lines: StatusLines, { metrics, limits }: CaptureStatus): void {
  const { live, kept, bytes, deleted, refused } = metrics.screenshots
  const held = (place: string, used: number, max: number) =>
    lines.begin('screenshots', `${bar(terminal, used, max)} ${size(used)} of ${size(max)} in ${place}`)
  held('memory', bytes.memory + bytes.waiting, limits.screenshot_memory_bytes)
  held('files', bytes.files, limits.screenshot_files_bytes)
  const ends = total(deleted) === 0 ? '' : `, ${count(total(deleted))} deleted (${byName(deleted)})`
  lines.begin('screenshots', `${count(kept)} came, ${count(live)} ${live === 1 ? 'lives' : 'live'}${ends}`)
  if (total(refused) > 0) lines.more(`${count(total(refused))} refused: ${byName(refused)}`, 'poor')
}

function printHealth(terminal: Terminal, lines: StatusLines, { health }: CaptureStatus): void {
  const room = terminal.isInteractive ? terminal.columns - indentWidth - checkWidth : Number.POSITIVE_INFINITY
  for (const [name, { status, reason }] of Object.entries(health.checks)) {
    const [first, ...rest] = folded(printable(reason), room)
    lines.begin('health', signed(terminal, signs[status], printable(name).padEnd(checkWidth) + first))
    for (const line of rest) lines.begin('health', ' '.repeat(2 + checkWidth) + line)
  }
}

type Counts = Readonly<Record<string, number | undefined>>

function total(counts: Counts): number {
  return Object.values(counts).reduce<number>((sum, each = 0) => sum + each, 0)
}

function byName(counts: Counts): string {
  return Object.entries(counts)
    .filter(([, each = 0]) => each > 0)
    .map(([name, each = 0]) => `${printable(name)} ${count(each)}`)
    .join(', ')
}
