import { ChronicleError, systemClock, systemRandom } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { packerLogger } from '../../packer/logger.ts'
import { type RunningPacker, servePacker } from '../../packer/serve.ts'
import { stopReasons } from '../../process/stop-reasons.ts'
import { programVersion } from '../../version.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { passphrasePrompt } from '../vault/with-vault.ts'
import { startDaemon } from './daemon.ts'
import { type PackerGlobals, settingsFor } from './globals.ts'

/** Runs the packer until it is told to stop. Resolves with the exit code when everything has been stopped. */
export async function startPacker(terminal: Terminal, globals: PackerGlobals, background: boolean): Promise<number> {
  const { settings, places } = settingsFor(terminal, globals)
  if (globals.daemon && !background) return startDaemon(terminal, globals, places)
  const isSeen = terminal.notesAreSeen && !globals.jsonLogs
  const console = {
    write: (line: string) => void process.stderr.write(line),
    isTerminal: terminal.notesAreSeen,
    colours: terminal.notesHaveColours,
  }
  const hasConsole = settings.logConsole && !background
  const log = packerLogger(settings, { console: hasConsole ? console : undefined, json: globals.jsonLogs })
  const { logger } = log
  const reasons = stopReasons(logger)
  const { promise: askedTo, resolve: onStop } = Promise.withResolvers<'signal'>()
  try {
    const version = programVersion()
    const effects = { clock: systemClock, random: systemRandom }
    const ask = background ? undefined : passphrasePrompt(terminal)
    const { pidFile } = globals
    const running = await servePacker({
      ...effects,
      settings,
      logger,
      ask,
      version,
      pidFile,
      onStop: () => onStop('signal'),
    })
    const facts = { ...running.facts, log: log.path }
    // A terminal has it as a list.
    const ready = isSeen ? log.fileLogger : logger
    ready.info({ ...facts, version, pid: process.pid }, 'ready')
    if (isSeen) printReady(terminal, facts, version)
    const reason = await Promise.race([reasons.first, askedTo])
    const isStopped = await stopAll(running, logger)
    return reason === 'signal' && isStopped ? exitCodes.ok : exitCodes.failure
  } catch (error) {
    if (error instanceof ChronicleError) {
      const { code, details, remedy } = error
      const refused = isSeen ? log.fileLogger : logger
      refused.error({ code, ...details, remedy }, error.summary)
    }
    throw error
  } finally {
    reasons.forget()
    log.stop()
  }
}

/** Tells the person at the terminal where everything is, and what to try next. */
function printReady(terminal: Terminal, facts: Readonly<Record<string, string | number>>, version: string): void {
  terminal.note(`\n${terminal.noteStyle('bold', 'Chronicle packer')} ${version} is ready.\n`)
  for (const [name, place] of Object.entries(facts)) {
    terminal.note(`  ${terminal.noteStyle('dim', name.padEnd(8))} ${terminal.noteStyle('cyan', String(place))}`)
  }
  terminal.note(
    '\n`chronicle-packer process` packs what is in the ring now, `chronicle-packer status` says how it stands.',
  )
  terminal.note(`${terminal.noteStyle('dim', 'Ctrl-C stops it in good order.')}\n`)
}

/** True when every part stopped in good order. */
async function stopAll(running: RunningPacker, logger: Logger): Promise<boolean> {
  logger.info('stopping')
  // The timers of the parts do not keep the process alive, and it may not end before they have.
  const keepAlive = setInterval(() => undefined, 1000)
  const reports = await running.stop()
  clearInterval(keepAlive)
  for (const { name, outcome, error } of reports) {
    if (outcome !== 'stopped') logger.error({ part: name, outcome, error }, 'a part did not stop in good order')
  }
  const isStopped = reports.every(({ outcome }) => outcome === 'stopped')
  if (isStopped) logger.info('stopped')
  return isStopped
}
