import { AssertionError } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'

/** Why a server stops: somebody asked, or it found a defect in itself. */
export type StopReason = 'signal' | 'defect'

/** What a shell shows for a program ended by SIGINT: 128 + 2. */
const forcedExitCode = 130

/** Longest time that the flush after a defect may take before the process ends anyway. */
const defectFlushMsMax = 5_000

/**
 * Watches for a reason to stop. A first signal asks for an orderly stop; a second one ends the process at once. An error that nobody
 * caught is logged and asks for a stop too: what was accepted is flushed, and nothing more is taken in a state that nobody foresaw.
 */
export function stopReasons(logger: Logger): { readonly first: Promise<StopReason>; forget(): void } {
  const { promise: first, resolve } = Promise.withResolvers<StopReason>()
  let signals = 0
  const onSignal = (signal: NodeJS.Signals): void => {
    signals++
    logger.info({ signal }, signals === 1 ? 'asked to stop; a second time ends at once' : 'ending at once')
    if (signals > 1) process.exit(forcedExitCode)
    resolve('signal')
  }
  const onDefect = (error: unknown): void => {
    logger.error({ error }, error instanceof AssertionError ? 'an impossible state' : 'an error that nobody caught')
    setTimeout(() => process.exit(1), defectFlushMsMax).unref()
    resolve('defect')
  }
  // The process that started this one on a newer Node is gone, without a word.
  const onDisconnect = (): void => onSignal('SIGHUP')
  const signalNames = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signalNames) process.on(name, onSignal)
  process.on('uncaughtException', onDefect)
  process.on('disconnect', onDisconnect)
  process.channel?.unref()
  return {
    first,
    forget() {
      for (const name of signalNames) process.off(name, onSignal)
      process.off('uncaughtException', onDefect)
      process.off('disconnect', onDisconnect)
    },
  }
}
