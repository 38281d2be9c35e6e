import type { Stoppable } from '@chronicle/base'
import type { PackerSettings } from '@chronicle/packer'
import { createLogger, type Logger, type LogLevel, logLevels } from '@chronicle/telemetry'
import { LogFile } from './log-file.ts'
import { prepareLogFile } from './places.ts'

/** Where lines go besides the file. */
export type LogConsole = {
  write(line: string): void
  /** Somebody reads along: lines are for people, unless `json` is asked for. Elsewhere they are those of the file. */
  readonly isTerminal: boolean
  readonly colours?: boolean
  /** On a terminal: the least important line that is shown; that of the settings when left out. */
  readonly level?: LogLevel
}

export type PackerLog = Stoppable & {
  readonly logger: Logger
  /** The file alone, for what the console is told in another way. */
  readonly fileLogger: Logger
  readonly path: string
}

/** The log of a packer: to its file, and to the console where there is one. `json` wins over logging.format in both. */
export function packerLogger(
  settings: PackerSettings,
  { console, json }: { console: LogConsole | undefined; json: boolean },
): PackerLog {
  const path = prepareLogFile(settings)
  const file = new LogFile(path)
  const { logStructured: isStructured } = settings
  const level = settings.logLevel.toLowerCase() as LogLevel
  const isJson = json || settings.logFormat === 'json'
  const shape = { level, isJson, isStructured }
  const everywhere = (line: string) => {
    file.write(line)
    console?.write(line)
  }
  const fileLogger = loggerTo({ ...shape, write: line => file.write(line) })
  const toTerminal = console?.isTerminal ? loggerTo({ ...shape, ...console, isJson: json }) : undefined
  const logger = toTerminal ? both(fileLogger, toTerminal) : loggerTo({ ...shape, write: everywhere })
  return { logger, fileLogger, path, stop: () => file.close() }
}

type Shape = {
  write(line: string): void
  readonly level: LogLevel
  readonly isJson: boolean
  readonly isStructured: boolean
  readonly colours?: boolean
}

function loggerTo({ write, level, isJson, isStructured, colours = false }: Shape): Logger {
  return createLogger({
    level,
    format: isJson ? 'json' : 'readable',
    colours: colours && !isJson,
    write: line => write(isJson ? packerLine(line, isStructured) : line),
  })
}

/** Says everything twice. */
function both(one: Logger, other: Logger): Logger {
  const method =
    (level: LogLevel) =>
    (first: object | string, message?: string): void => {
      for (const logger of [one, other]) {
        if (typeof first === 'string') logger[level](first)
        else logger[level](first, message)
      }
    }
  const [debug, info, warn, error] = logLevels.map(method) as [
    Logger['debug'],
    Logger['info'],
    Logger['warn'],
    Logger['error'],
  ]
  return { debug, info, warn, error, child: fields => both(one.child(fields), other.child(fields)) }
}

/** What a line holds that is not structured. */
const headFields = ['timestamp', 'level', 'message']

/** `time` is called `timestamp` here. Without structure the facts are left out. */
function packerLine(line: string, isStructured: boolean): string {
  const { time, ...fields } = JSON.parse(line) as Record<string, unknown>
  const named: Record<string, unknown> = { timestamp: time, ...fields }
  if (isStructured) return `${JSON.stringify(named)}\n`
  return `${JSON.stringify(Object.fromEntries(headFields.map(name => [name, named[name]])))}\n`
}
