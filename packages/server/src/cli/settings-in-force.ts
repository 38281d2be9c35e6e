import { defaultOf, type Resolved, type Settings, showSettings } from '@chronicle/config'
import { printTable } from './format.ts'
import type { Terminal } from './terminal.ts'

/** Prints what the settings are set to and where each value came from; secrets are hidden. */
export function printSettingsInForce<S extends Settings>(
  terminal: Terminal,
  settings: S,
  resolved: Resolved<S>,
  json: boolean,
): void {
  for (const warning of resolved.warnings) terminal.note(`${terminal.noteStyle('yellow', 'warning:')} ${warning}`)
  const shown = showSettings(settings, resolved)
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
