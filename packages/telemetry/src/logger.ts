import { type Logger as PinoLogger, pino } from 'pino'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** Structured log: `logger.info({ topic }, 'topic created')`. Fields never carry a secret. */
export type Logger = Pick<PinoLogger, LogLevel> & { child(fields: Record<string, unknown>): Logger }

/** Logs to standard error. */
export function createLogger(options: { level: LogLevel }): Logger {
  return pino({ level: options.level, base: null }, pino.destination({ dest: 2, sync: true }))
}

/** For tests and for callers that have nothing to say. */
export const silentLogger: Logger = pino({ level: 'silent' })
