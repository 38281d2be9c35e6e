import { type Resolved, readConfigFile, resolveSettings } from '@chronicle/config'
import { type Command, Option } from 'commander'
import { otherVariables, settings, variablesOf } from '../settings.ts'

const group = 'Server options:'

/**
 * Gives `command` a flag for every setting that has one. Its value stays text: the type of the setting reads it, and refuses it
 * better.
 */
export function addSettingFlags(command: Command): Command {
  for (const { flag, type, help } of Object.values(settings)) {
    if (flag !== undefined) command.addOption(new Option(`${flag} <${type.placeholder}>`, help).helpGroup(group))
  }
  return command
    .addOption(new Option('--cluster', 'one of several brokers over one bucket (not built yet)').hideHelp())
    .addOption(new Option('--raft', 'old name of --cluster').hideHelp())
    .addOption(
      new Option('--config <file>', 'TOML file with settings; variables and flags win over it').helpGroup(group),
    )
}

/** The flags of a command that needs nothing of the settings but where the data are. */
export function addDataFlags(command: Command): Command {
  const { flag, type, help } = settings.dataDirectory
  return command
    .addOption(new Option(`${flag} <${type.placeholder}>`, help))
    .addOption(new Option('--config <file>', 'TOML file with settings; variables and flags win over it'))
}

/** What was given as `long`, behind the command or else before it: `chronicle --kafka-port 9093 start`. */
export function flagValue(command: Command, long: string): string | boolean | undefined {
  for (let at: Command | null = command; at !== null; at = at.parent) {
    const option = at.options.find(each => each.long === long)
    const value = option && at.getOptionValue(option.attributeName())
    if (value !== undefined) return value
  }
  return undefined
}

/** The settings from flags, environment and configuration file. */
export function loadSettings(command: Command): Resolved<typeof settings> {
  const { CHRONICLE_CONFIG, CHRONIK_CONFIG } = process.env
  const file = textOf(flagValue(command, '--config')) ?? (CHRONICLE_CONFIG || CHRONIK_CONFIG)
  const given = Object.values(settings).flatMap(({ flag }) =>
    flag === undefined ? [] : [[flag, textOf(flagValue(command, flag))] as const],
  )
  return resolveSettings(settings, {
    flags: Object.fromEntries(given),
    environment: process.env,
    file: file ? readConfigFile(file) : undefined,
    directory: process.cwd(),
    otherVariables: [...otherVariables, ...Object.values(variablesOf)],
  })
}

function textOf(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
