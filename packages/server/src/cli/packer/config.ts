import { bySection, defaultOf, formatValue, type Setting, showSettings } from '@chronicle/config'
import { packerSettings } from '@chronicle/packer'
import { loadPackerSettings } from '../../packer/settings.ts'
import { printTable } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import type { PackerGlobals } from './globals.ts'

/** Prints a file that names every key, or what holds. */
export function printPackerConfig(
  terminal: Terminal,
  { config }: PackerGlobals,
  { show, json }: { show?: boolean; json?: boolean },
): void {
  if (show) printInForce(terminal, config, json ?? false)
  else terminal.out(sampleFile())
}

function printInForce(terminal: Terminal, config: string | undefined, json: boolean): void {
  const resolved = loadPackerSettings(config)
  for (const warning of resolved.warnings) terminal.note(`${terminal.noteStyle('yellow', 'warning:')} ${warning}`)
  const shown = showSettings(packerSettings, resolved)
  if (json) {
    const entries = shown.map(({ key, value, origin }) => [
      key,
      { value: value ?? null, source: origin.kind, ...(origin.where ? { from: origin.where } : {}) },
    ])
    terminal.out(JSON.stringify(Object.fromEntries(entries), null, 2))
    return
  }
  const rows = shown.map(({ key, value, origin, setting }) => {
    const isDefault = origin.kind === 'default'
    const shownValue = value ?? `(${defaultOf(setting)})`
    const from = isDefault ? terminal.style('dim', 'default') : origin.where
    return [key, isDefault ? shownValue : terminal.style('bold', shownValue), from]
  })
  printTable(terminal, [{ title: 'setting' }, { title: 'value' }, { title: 'from' }], rows)
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
