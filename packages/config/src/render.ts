import type { Origin, Resolved } from './resolve.ts'
import { formatValue, type Setting, type Settings } from './setting.ts'

/** The value of one setting and where it came from, as `config --show` prints it. Secrets are hidden (C4). */
export type ShownSetting = {
  readonly key: string
  readonly value: string | undefined
  readonly origin: Origin
  readonly setting: Setting
}

export function showSettings<S extends Settings>(settings: S, resolved: Resolved<S>): ShownSetting[] {
  return Object.entries(settings).map(([name, each]) => ({
    key: each.key,
    value: formatValue(each, resolved.values[name]),
    origin: resolved.origins[name]!,
    setting: each,
  }))
}

/** What holds when nothing is set. */
export function defaultOf(each: Setting): string {
  return each.defaultText ?? formatValue(each, each.default) ?? ''
}

/** Settings under their headings, in the order of declaration. */
export function bySection(settings: Settings): Map<string, Setting[]> {
  return Map.groupBy(Object.values(settings), each => each.section)
}

/** All settings as Markdown: a heading and a table for each section. */
export function renderSettingsTable(settings: Settings): string {
  const sections = [...bySection(settings)].map(([section, members]) => {
    const rows = members.map(each => `| ${tableCells(each).map(escapeCell).join(' | ')} |`)
    return [
      `## ${section}`,
      '',
      '| variable | flag | file | default | meaning |',
      '|---|---|---|---|---|',
      ...rows,
    ].join('\n')
  })
  return `${sections.join('\n\n')}\n`
}

function tableCells(each: Setting): string[] {
  const variables = each.environment.map(name => `\`${name}\``).join(', ')
  const shownDefault = each.defaultText ?? `\`${defaultOf(each)}\``
  const help = `${each.help} Accepted: ${each.type.accepts}.`
  return [variables, each.flag ? `\`${each.flag}\`` : '', `\`${each.key}\``, shownDefault, help]
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|')
}
