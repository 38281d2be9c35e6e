import { type Resolved, readConfigFile, resolveSettings } from '@chronicle/config'
import { type Command, Option } from 'commander'
import { otherVariables, settings } from '../settings.ts'

const group = 'Server options:'

/** Gives the program a flag for every setting that has one. Its value stays text: the setting's type reads it, and refuses it better. */
export function addSettingFlags(program: Command): void {
  for (const { flag, type, help } of Object.values(settings)) {
    if (flag !== undefined) program.addOption(new Option(`${flag} <${type.placeholder}>`, help).helpGroup(group))
  }
  program.addOption(new Option('--cluster', 'one of several brokers over one bucket (not built yet)').hideHelp())
  program.addOption(new Option('--raft', 'old name of --cluster').hideHelp())
  program.addOption(
    new Option('--config <file>', 'TOML file with settings; variables and flags win over it').helpGroup(group),
  )
}

/** The settings from flags, environment and configuration file. */
export function loadSettings(program: Command): Resolved<typeof settings> {
  const flags = Object.fromEntries(
    program.options.map(option => [option.long, program.getOptionValue(option.attributeName())]),
  )
  const { CHRONICLE_CONFIG, CHRONIK_CONFIG } = process.env
  const file = program.getOptionValue('config') ?? (CHRONICLE_CONFIG || CHRONIK_CONFIG)
  return resolveSettings(settings, {
    flags,
    environment: process.env,
    file: file ? readConfigFile(file) : undefined,
    directory: process.cwd(),
    otherVariables,
  })
}
