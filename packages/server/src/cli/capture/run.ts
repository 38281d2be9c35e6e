import { ChronicleError, systemClock, systemRandom } from '@chronicle/base'
import { createLogger, type Logger } from '@chronicle/telemetry'
import { type RunningCapture, serveCapture } from '../../capture/serve.ts'
import { type CaptureOptions, loadCaptureSettings } from '../../capture/settings.ts'
import { stopReasons } from '../../process/stop-reasons.ts'
import { programVersion } from '../../version.ts'
import { exitCodeOf, exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'

const keepAliveMs = 60_000

export type CaptureRunOptions = CaptureOptions

/** Runs capture until it is told to stop. Resolves with the exit code when everything has been stopped. */
export async function runCapture(terminal: Terminal, options: CaptureRunOptions): Promise<number> {
  const { values: settings, warnings } = loadCaptureSettings(options)
  const isReadable = settings.logFormat === 'readable' || (settings.logFormat === 'auto' && terminal.notesAreSeen)
  const logger = createLogger({
    level: settings.logLevel,
    format: isReadable ? 'readable' : 'json',
    colours: terminal.notesHaveColours,
  })
  for (const warning of warnings) logger.warn(warning)
  const reasons = stopReasons(logger)
  // A capture that runs keeps no process alive.
  const keepAlive = setInterval(() => undefined, keepAliveMs)
  try {
    const running = await serveCapture({ settings, clock: systemClock, random: systemRandom, logger })
    const version = programVersion()
    if (terminal.isInteractive) printReady(terminal, running, version)
    else logger.info({ ...running.facts, version, pid: process.pid }, 'ready')
    const reason = await reasons.first
    const isStopped = await stopAll(running, logger)
    return reason === 'signal' && isStopped ? exitCodes.ok : exitCodes.failure
  } catch (error) {
    // Where machines read the log, the refusal to start is one line of it too.
    if (isReadable || !(error instanceof ChronicleError)) throw error
    const { code, details, remedy } = error
    logger.error({ code, ...details, remedy }, error.summary)
    return exitCodeOf(error)
  } finally {
    reasons.forget()
    clearInterval(keepAlive)
  }
}

/** Tells the person at the terminal where everything is, and what to try next. */
function printReady(terminal: Terminal, { facts }: RunningCapture, version: string): void {
  terminal.out(`\n${terminal.style('bold', 'Chronicle capture')} ${version} is ready.\n`)
  for (const [name, place] of Object.entries(facts))
    terminal.out(`  ${terminal.style('dim', name.padEnd(8))} ${terminal.style('cyan', place)}`)
  terminal.out(
    '\n`chronicle capture status` says how it is, `npx node examples/capture-topics.ts` is an analysis to try.',
  )
  terminal.out(`${terminal.style('dim', 'Ctrl-C stops it in good order, and destroys every screenshot.')}\n`)
}

/** True when every part stopped in good order. */
async function stopAll(running: RunningCapture, logger: Logger): Promise<boolean> {
  logger.info('stopping')
  const reports = await running.stop()
  for (const { name, outcome, error } of reports) {
    if (outcome !== 'stopped') logger.error({ part: name, outcome, error }, 'a part did not stop in good order')
  }
  const isStopped = reports.every(({ outcome }) => outcome === 'stopped')
  if (isStopped) logger.info('stopped; what was received is stored, and no screenshot is left')
  return isStopped
}
