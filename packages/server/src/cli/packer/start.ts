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
  const log = packerLogger(settings, {
    console: settings.logConsole && !background,
    json: globals.jsonLogs,
    colours: terminal.notesHaveColours,
  })
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
    logger.info({ ...running.facts, log: log.path, version, pid: process.pid }, 'ready')
    const reason = await Promise.race([reasons.first, askedTo])
    const isStopped = await stopAll(running, logger)
    return reason === 'signal' && isStopped ? exitCodes.ok : exitCodes.failure
  } catch (error) {
    if (error instanceof ChronicleError) {
      const { code, details, remedy } = error
      logger.error({ code, ...details, remedy }, error.summary)
    }
    throw error
  } finally {
    reasons.forget()
    log.stop()
  }
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
