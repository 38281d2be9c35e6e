import { bySection, defaultOf, formatValue, type Setting } from '@chronicle/config'
import { packerSettings } from '@chronicle/packer'
import { loadPackerSettings } from '../../packer/settings.ts'
import { printSettingsInForce } from '../settings-in-force.ts'
import type { Terminal } from '../terminal.ts'
import type { PackerGlobals } from './globals.ts'

/** Prints a file that names every key, or what holds. */
export function printPackerConfig(
  terminal: Terminal,
  { config }: PackerGlobals,
  { show, json }: { show?: boolean; json?: boolean },
): void {
  if (show) printSettingsInForce(terminal, packerSettings, loadPackerSettings(config), json ?? false)
  else terminal.out(sampleFile())
}

/** Every key with its default, commented out: what is not changed keeps following the default. */
function sampleFile(): string {
  const sections = [...bySection(packerSettings)].map(([section, members]) => {
    return [`# ${section}`, ...members.filter(each => !each.type.secret).map(sampleLines)].join('\n')
  })
  return ['# Settings of the packer. Variables win over this file.', ...sections].join('\n\n')
}

function sampleLines(each: Setting): string {
  const value = formatValue(each, each.default)
  const written = value === undefined ? `""   # ${defaultOf(each)}` : tomlOf(value)
  return `\n# ${each.help}\n# Accepted: ${each.type.accepts}. Variable: ${each.environment[0]}.\n# ${each.key} = ${written}`
}

/** Numbers and truths stand for themselves, all else is text. */
function tomlOf(text: string): string {
  return /^(true|false|\d+(\.\d+)?)$/.test(text) ? text : JSON.stringify(text)
}
