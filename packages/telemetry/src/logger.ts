import { type Clock, systemClock } from '@chronicle/base'
import { type LogLevel, type LogLine, logLevels } from './line.ts'
import { readableLine } from './readable.ts'
import { redact } from './redact.ts'

/** Says one thing: `({ topic }, 'topic created')`, or only the words. */
export type LogMethod = {
  (fields: object, message?: string): void
  (message: string): void
}

/** Structured log: `logger.info({ topic }, 'topic created')`. Fields never carry a secret; one that does is hidden (TM1). */
export type Logger = { readonly [L in LogLevel]: LogMethod } & {
  /** A logger whose every line carries `fields` too. */
  child(fields: Record<string, unknown>): Logger
}

export type LoggerOptions = {
  readonly level: LogLevel
  /** `json`: one JSON object a line, for machines. `readable`: one short line, for a person at a terminal. */
  readonly format?: 'json' | 'readable'
  /** Colours, in the readable format. */
  readonly colours?: boolean
  readonly clock?: Clock
  /** Takes one finished line, its end included, and writes it at once: the last line before a crash is the one that counts. */
  readonly write?: (line: string) => void
}

/** Logs to standard error unless told otherwise. */
export function createLogger(options: LoggerOptions): Logger {
  const { format = 'json', colours = false, clock = systemClock } = options
  const write = options.write ?? (line => void process.stderr.write(line))
  const render = format === 'json' ? jsonLine : (line: LogLine) => readableLine(line, colours)
  return build(options.level, {}, (level, message, fields) =>
    write(render({ level, time: clock.now(), message, fields: redact(fields) })),
  )
}

/** For tests and for callers that have nothing to say. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
}

type Emit = (level: LogLevel, message: string | undefined, fields: Record<string, unknown>) => void

function build(levelMin: LogLevel, bound: Record<string, unknown>, emit: Emit): Logger {
  const method = (level: LogLevel): LogMethod => {
    if (logLevels.indexOf(level) < logLevels.indexOf(levelMin)) return () => undefined
    return (first: object | string, message?: string) => {
      if (typeof first === 'string') emit(level, first, bound)
      else emit(level, message, { ...bound, ...(first instanceof Error ? { error: first } : first) })
    }
  }
  return {
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    child: fields => build(levelMin, { ...bound, ...fields }, emit),
  }
}

function jsonLine({ level, time, message, fields }: LogLine): string {
  const head = { time: new Date(time).toISOString(), level, message }
  // The first mention decides where a name stands, the last one its value.
  return `${JSON.stringify({ ...head, ...fields, ...head })}\n`
}
