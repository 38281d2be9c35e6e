import { getSystemErrorMessage } from 'node:util'
import { ChronicleError, systemClock } from '@chronicle/base'
import { type AggregateSpan, type CaptureReader, captureErrors, type DamagedBlock } from '@chronicle/capture'
import type { CaptureOptions } from '../../capture/settings.ts'
import { serverErrors } from '../../errors.ts'
import { type GivenTime, rangeOf } from '../archive/time.ts'
import { count, plural, printable, size } from '../format.ts'
import { Progress } from '../progress.ts'
import { exitCodes } from '../report.ts'
import { writeWholeFile } from '../seal/whole-file.ts'
import type { Terminal } from '../terminal.ts'
import { linesAs } from './export-lines.ts'
import { columnsOf, type Listener, portionsOf, type Wanted } from './export-source.ts'
import type { ExportFormat, ExportKind } from './names.ts'
import { sessionMeant, withReader } from './open-reader.ts'
import { msOf, timeOf } from './wire.ts'

export type CaptureExportOptions = CaptureOptions & {
  readonly what: ExportKind
  readonly from?: GivenTime
  readonly to?: GivenTime
  readonly session?: string
  readonly type?: readonly string[]
  readonly by?: AggregateSpan
  readonly format: ExportFormat
  readonly output?: string
  readonly force?: boolean
}

/** What was captured is for whoever captured it. */
const fileMode = 0o600
/** Damaged blocks that are named each; of more there is a number. */
const namedMax = 10

/** Writes what was captured as lines. Resolves with the exit code: 0 when all of it could be read. */
export async function exportCapture(terminal: Terminal, options: CaptureExportOptions): Promise<number> {
  checkTogether(options)
  return withReader(terminal, options, async reader => {
    const damage = new Damage()
    const { output } = options
    if (output === undefined) await print(terminal, reader, options, damage)
    else await writeFile(terminal, reader, { ...options, output }, damage)
    damage.tell(terminal)
    return damage.isNone ? exitCodes.ok : exitCodes.failure
  })
}

function checkTogether({ what, type, by, output, force }: CaptureExportOptions): void {
  const refuse = (option: string, because: string) =>
    serverErrors.create('server.invalid-argument', { option, because })
  if (type !== undefined && what !== 'events') throw refuse('--type', `it chooses among events, and not ${what}`)
  if (by !== undefined && what !== 'aggregates') throw refuse('--by', `it is for --what aggregates, and not ${what}`)
  if (force && output === undefined) throw refuse('--force', 'there is no --output that it could replace')
}

function wantedOf(reader: CaptureReader, { what, from, to, session, type, by = 'hour' }: CaptureExportOptions): Wanted {
  const range = rangeOf({ from, to }, 'UTC', systemClock.now())
  return {
    what,
    fromMs: msOf(range.from),
    toMs: msOf(range.to),
    sessionId: sessionMeant(reader, session),
    eventTypes: type,
    by,
  }
}

async function print(
  terminal: Terminal,
  reader: CaptureReader,
  options: CaptureExportOptions,
  damage: Damage,
): Promise<void> {
  const wanted = wantedOf(reader, options)
  const tally = { items: 0 }
  const listener = listenerOf(damage, () => undefined)
  for await (const piece of pieces(portionsOf(reader, wanted, listener), options, terminal.isInteractive, tally)) {
    await terminal.write(piece)
  }
  if (tally.items === 0) terminal.note(`No ${options.what} of that time, session and type in ${reader.path}.`)
}

async function writeFile(
  terminal: Terminal,
  reader: CaptureReader,
  options: CaptureExportOptions & { readonly output: string },
  damage: Damage,
): Promise<void> {
  const { what, output, force = false } = options
  const wanted = wantedOf(reader, options)
  const total = what === 'events' ? reader.totals(wanted).events : 0
  const progress = new Progress(terminal, total, events => plural(events, 'event'))
  const tally = { items: 0 }
  const listener = listenerOf(damage, events => progress.add(events))
  const lines = pieces(portionsOf(reader, wanted, listener), options, false, tally)
  try {
    const bytes = await writeWholeFile(output, lines, { force, mode: fileMode })
    progress.clear()
    terminal.out(`Exported ${plural(tally.items, what.slice(0, -1))} to ${printable(output)} (${size(bytes)}).`)
  } catch (error) {
    progress.clear()
    throw refusedOutput(error, output)
  }
}

function listenerOf(damage: Damage, onRead: Listener['onRead']): Listener {
  return { onRead, onDamaged: block => damage.add(block), onUntitled: () => damage.addTitle() }
}

/** A portion at a time: whoever writes them sets the pace. */
async function* pieces(
  portions: AsyncIterable<readonly object[]>,
  { what, format }: CaptureExportOptions,
  isShown: boolean,
  tally: { items: number },
): AsyncGenerator<Buffer> {
  const { head, line } = linesAs(format, columnsOf(what), isShown)
  if (head !== '') yield Buffer.from(head)
  for await (const portion of portions) {
    tally.items += portion.length
    yield Buffer.from(portion.map(line).join(''))
  }
}

/** What the file system says of the output; the errors of reading are errors of ours already. */
function refusedOutput(error: unknown, output: string): unknown {
  const { errno, syscall } = error as NodeJS.ErrnoException
  if (error instanceof ChronicleError || syscall === undefined || errno === undefined) return error
  const reason = getSystemErrorMessage(errno)
  return serverErrors.create('server.output-unusable', { output, reason }, error)
}

/** What could not be read, and was stepped over. */
class Damage {
  readonly #named: DamagedBlock[] = []
  #blocks = 0
  #events = 0
  #titles = 0

  get isNone(): boolean {
    return this.#blocks === 0 && this.#titles === 0
  }

  add(block: DamagedBlock): void {
    this.#blocks++
    this.#events += block.events
    if (this.#named.length < namedMax) this.#named.push(block)
  }

  addTitle(): void {
    this.#titles++
  }

  tell(terminal: Terminal): void {
    if (this.#titles > 0) {
      const what = `program and title of ${plural(this.#titles, 'screenshot')}`
      terminal.note(`${terminal.noteStyle('red', '×')} Left out: ${what}, which cannot be read any more.`)
    }
    if (this.#blocks > 0) this.#tellBlocks(terminal)
  }

  #tellBlocks(terminal: Terminal): void {
    const what = `${plural(this.#events, 'event')} in ${plural(this.#blocks, 'damaged block')}`
    terminal.note(`${terminal.noteStyle('red', '×')} Left out: ${what}, which cannot be read any more.`)
    for (const { sessionId, windowStartMs, blockId, events, error } of this.#named) {
      const { reason = '' } = error instanceof ChronicleError ? error.details : {}
      const place = `window ${timeOf(windowStartMs)} of session ${sessionId}, block ${blockId}`
      terminal.note(`    ${place}: ${plural(events, 'event')}; ${printable(String(reason))}`)
    }
    if (this.#blocks > namedMax) terminal.note(`    … and ${count(this.#blocks - namedMax)} more`)
    const { remedy } = captureErrors.specs['capture.database-block-damaged']
    terminal.note(`  ${terminal.noteStyle('cyan', '→')} ${remedy}`)
  }
}
