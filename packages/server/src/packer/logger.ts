import type { Stoppable } from '@chronicle/base'
import type { PackerSettings } from '@chronicle/packer'
import { createLogger, type Logger, type LogLevel } from '@chronicle/telemetry'
import { LogFile } from './log-file.ts'
import { prepareLogFile } from './places.ts'

/** The log of a packer: to its file, and to standard error where `console` says so. */
export function packerLogger(
  settings: PackerSettings,
  { console, json, colours = false }: { console: boolean; json: boolean; colours?: boolean },
): { readonly logger: Logger; readonly path: string } & Stoppable {
  const path = prepareLogFile(settings)
  const file = new LogFile(path)
  const isJson = json || settings.logFormat === 'json'
  const logger = createLogger({
    level: settings.logLevel.toLowerCase() as LogLevel,
    format: isJson ? 'json' : 'readable',
    colours: colours && !isJson,
    write(line) {
      const shaped = isJson ? packerLine(line, settings.logStructured) : line
      file.write(shaped)
      if (console) process.stderr.write(shaped)
    },
  })
  return { logger, path, stop: () => file.close() }
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
