import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Lifecycle, systemClock, systemRandom } from '@chronicle/base'
import { askPacker, PackerService, packerErrors, type RetentionReport, type RunReport } from '@chronicle/packer'
import { type LogConsole, packerLogger } from '../../packer/logger.ts'
import { openPacker } from '../../packer/open.ts'
import { packerStopMsMax } from '../../packer/serve.ts'
import { stopReasons } from '../../process/stop-reasons.ts'
import { count, plural, size } from '../format.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { passphrasePrompt } from '../vault/with-vault.ts'
import { type PackerGlobals, settingsFor } from './globals.ts'
import { ShareProgress } from './share-progress.ts'

export type ProcessOptions = {
  date?: string
  dryRun?: boolean
  cleanup?: boolean
  json?: boolean
  topic?: string[]
  bootstrap?: string
}

type Result = { readonly report: RunReport; readonly cleanup?: RetentionReport | undefined }

/** One run: by the packer that runs on this archive, or else by this process. Resolves with the exit code. */
export async function processNow(terminal: Terminal, globals: PackerGlobals, options: ProcessOptions): Promise<number> {
  const { settings, places } = settingsFor(terminal, globals)
  const progress = new ShareProgress(terminal)
  const { date, dryRun, cleanup, topic: topics, bootstrap } = options
  try {
    const request = { command: 'process', date, dryRun: dryRun === true, cleanup: cleanup === true, topics, bootstrap }
    const answer = await askPacker(places.socket, request, told => progress.show(told as never))
    if (!answer && dryRun) checkIsMade(places.basePath)
    const result = answer ? (answer as Result) : await here(terminal, globals, { settings, options, progress })
    progress.clear()
    printResult(terminal, result, options)
    return isWhole(result.report) ? exitCodes.ok : exitCodes.failure
  } finally {
    progress.clear()
  }
}

/** A dry run makes nothing, an archive and its master key least of all. Throws 'packer.archive-not-made'. */
function checkIsMade(basePath: string): void {
  if (existsSync(join(basePath, 'metadata', 'files.json'))) return
  throw packerErrors.create('packer.archive-not-made', { path: basePath })
}

function isWhole({ ended, failedSources }: RunReport): boolean {
  return ended === 'drained' && failedSources === undefined
}

/** The run in this process, which has the archive to itself meanwhile. */
async function here(
  terminal: Terminal,
  globals: PackerGlobals,
  {
    settings,
    options: { date, dryRun, cleanup, topic: topics, bootstrap },
    progress,
  }: { settings: ReturnType<typeof settingsFor>['settings']; options: ProcessOptions; progress: ShareProgress },
): Promise<Result> {
  const log = packerLogger(settings, { console: consoleOf(terminal, globals, progress), json: globals.jsonLogs })
  const { logger } = log
  const reasons = stopReasons(logger)
  const lifecycle = new Lifecycle(systemClock)
  const effects = { clock: systemClock, random: systemRandom }
  try {
    const opened = await openPacker({ ...effects, settings, logger, ask: passphrasePrompt(terminal) }, lifecycle)
    const service = new PackerService({ ...opened, clock: systemClock, logger })
    lifecycle.add('service', service)
    void reasons.first.then(() => service.stop())
    const deleted = cleanup === true && !dryRun ? await service.cleanUp() : undefined
    const onProgress = (told: Parameters<ShareProgress['show']>[0]) => progress.show(told)
    const wanted = { untilDay: date, dryRun: dryRun === true, topics, bootstrap }
    const report = await service.run({ reason: 'command', ...wanted, onProgress })
    return { report, cleanup: deleted }
  } finally {
    await lifecycle.stop(packerStopMsMax)
    reasons.forget()
    log.stop()
  }
}

/** Whoever packs by hand is told what has to be known, that a master key was made for one; all of it where JSON is asked for. */
function consoleOf(terminal: Terminal, { jsonLogs }: PackerGlobals, progress: ShareProgress): LogConsole | undefined {
  const write = (line: string) => {
    progress.clear()
    terminal.note(line.trimEnd())
  }
  if (jsonLogs) return { write, isTerminal: false }
  const colours = terminal.notesHaveColours
  return terminal.notesAreSeen ? { write, isTerminal: true, colours, level: 'warn' } : undefined
}

function printResult(terminal: Terminal, { report, cleanup }: Result, { dryRun, json }: ProcessOptions): void {
  if (json) {
    terminal.out(JSON.stringify({ ...report, cleanup: cleanup ?? null }, null, 2))
    return
  }
  const { eventsProcessed, eventsFailed, duplicates, frames, filesCreated, bytesProcessed, ended } = report
  const ends = {
    drained: '',
    'time-limit': ' until its time was up (the rest waits)',
    stopped: ' until it was stopped (the rest waits)',
  } as const
  terminal.out(
    dryRun
      ? 'Nothing was changed. A run would pack:'
      : `Packed${report.failedSources ? ' in part' : ''}${ends[ended]}:`,
  )
  const rows = [
    ['events', count(eventsProcessed)],
    ['frames', count(frames)],
    ['refused', count(eventsFailed)],
    ...(dryRun ? [] : [['duplicates', count(duplicates)] as const]),
    [dryRun ? 'files, at least' : 'files', count(filesCreated)],
    ['read', size(bytesProcessed)],
  ] as const
  for (const [name, value] of rows) terminal.out(`  ${terminal.style('dim', name.padEnd(16))} ${value}`)
  if (!dryRun && eventsFailed > 0) noteRefused(terminal)
  printShortfall(terminal, report)
  if (cleanup)
    terminal.out(`Deleted ${plural(cleanup.filesDeleted, 'file')} past their retention, ${size(cleanup.bytesDeleted)}.`)
}

/** Where a person finds what was refused. */
function noteRefused(terminal: Terminal): void {
  if (!terminal.notesAreSeen) return
  const query = "chronicle archive sql 'SELECT reason, detail, count(*) FROM quarantine GROUP BY ALL'"
  terminal.note(`${terminal.noteStyle('yellow', 'warning:')} what was refused is in quarantine: ${query}`)
}

/** What a run could not pack. */
function printShortfall(terminal: Terminal, { lostRecords, failedSources = [] }: RunReport): void {
  const warning = terminal.noteStyle('yellow', 'warning:')
  if (lostRecords !== undefined) {
    const remedy = 'Give the topic a longer retention.ms, or pack it more often.'
    terminal.note(
      `${warning} ${plural(lostRecords, 'record')} of topics were deleted before they were packed. ${remedy}`,
    )
  }
  for (const { source, failure } of failedSources) {
    terminal.note(`${terminal.noteStyle('red', 'error:')} not packed: ${source}: ${failure}`)
  }
}
