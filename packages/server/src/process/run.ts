import { ChronicleError, systemClock, systemRandom } from '@chronicle/base'
import type { Resolved } from '@chronicle/config'
import { createLogger, type Logger } from '@chronicle/telemetry'
import { exitCodeOf, exitCodes } from '../cli/report.ts'
import type { Terminal } from '../cli/terminal.ts'
import type { settings as declared, ServerSettings } from '../settings.ts'
import { programVersion } from '../version.ts'
import { printReady } from './ready.ts'
import { type Running, serve } from './serve.ts'
import { stopReasons } from './stop-reasons.ts'

/** After this long without being ready the person is told what is going on. */
const patienceMs = 1000

/** Runs a server until it is told to stop. Resolves with the exit code when everything has been stopped. */
export async function runServer(terminal: Terminal, resolved: Resolved<typeof declared>): Promise<number> {
  const settings = resolved.values
  const isReadable = settings.logFormat === 'readable' || (settings.logFormat === 'auto' && terminal.notesAreSeen)
  const logger = createLogger({
    level: settings.logLevel,
    format: isReadable ? 'readable' : 'json',
    colours: terminal.notesHaveColours,
  })
  for (const warning of resolved.warnings) logger.warn(warning)
  const reasons = stopReasons(logger)
  try {
    const running = await start(terminal, settings, logger)
    const reason = await reasons.first
    const stopped = await stopAll(running, settings.shutdownMs, logger)
    return reason === 'signal' && stopped ? exitCodes.ok : exitCodes.failure
  } catch (error) {
    // Where machines read the log, the refusal to start is one line of it too.
    if (isReadable || !(error instanceof ChronicleError)) throw error
    const { code, details, remedy } = error
    logger.error({ code, ...details, remedy }, error.summary)
    return exitCodeOf(error)
  } finally {
    reasons.forget()
  }
}

async function start(terminal: Terminal, settings: ServerSettings, logger: Logger): Promise<Running> {
  const version = programVersion()
  const begunAt = systemClock.monotonic()
  const patience = systemClock.every(patienceMs, () => {
    const seconds = Math.round((systemClock.monotonic() - begunAt) / 1000)
    logger.info({ dataDirectory: settings.dataDirectory, seconds }, 'reading the log back')
  })
  try {
    const running = await serve({ settings, clock: systemClock, random: systemRandom, logger, version })
    const readyMs = Math.round(systemClock.monotonic() - begunAt)
    const { addresses } = running
    if (terminal.isInteractive) printReady(terminal, addresses, version)
    else logger.info({ ...addresses, version, pid: process.pid, readyMs }, 'ready')
    return running
  } finally {
    patience.cancel()
  }
}

/** True when every part stopped in good order. */
async function stopAll(running: Running, withinMs: number, logger: Logger): Promise<boolean> {
  // The timers of the parts do not keep the process alive, and it may not end before they have.
  const keepAlive = setInterval(() => undefined, withinMs)
  logger.info({ withinMs }, 'stopping')
  const reports = await running.stop(withinMs)
  clearInterval(keepAlive)
  for (const { name, outcome, error } of reports) {
    if (outcome !== 'stopped') logger.error({ part: name, outcome, error }, 'a part did not stop in good order')
  }
  const stopped = reports.every(({ outcome }) => outcome === 'stopped')
  if (stopped) logger.info('stopped; everything that was accepted is on the disk')
  return stopped
}
