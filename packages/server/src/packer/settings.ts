import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Resolved, readConfigFile, resolveSettings } from '@chronicle/config'
import { checkTogether, packerSettings } from '@chronicle/packer'
import { otherVariables, settings as serverSettings, variablesOf } from '../settings.ts'

/** The settings of the server stand in the same environment. */
const variablesOfTheServer = Object.values(serverSettings).flatMap(each => each.environment)

/** The file of the packer's settings when no other is named. */
export function packerFileDefault(): string {
  return join(process.env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'chronicle', 'packer.toml')
}

/** The file that is read: the one that was named, or the default if it is there. */
export function packerFile(named: string | undefined): string | undefined {
  const file = named ?? (process.env.CHRONICLE_PACKER_CONFIG || undefined)
  if (file !== undefined) return file
  return existsSync(packerFileDefault()) ? packerFileDefault() : undefined
}

/** Throws a `config.…` error, or an `AggregateError` of several. */
export function loadPackerSettings(named: string | undefined): Resolved<typeof packerSettings> {
  const file = packerFile(named)
  const resolved = resolveSettings(packerSettings, {
    flags: {},
    environment: process.env,
    file: file === undefined ? undefined : readConfigFile(file),
    directory: process.cwd(),
    otherVariables: [...otherVariables, ...variablesOfTheServer, variablesOf.capture, 'CHRONICLE_PACKER_CONFIG'],
  })
  checkTogether(resolved)
  return resolved
}
