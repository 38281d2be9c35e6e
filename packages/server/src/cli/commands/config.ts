import { bySection, defaultOf, type Setting } from '@chronicle/config'
import type { Command } from 'commander'
import { settings } from '../../settings.ts'
import { addSettingFlags, loadSettings } from '../settings.ts'
import { printSettingsInForce } from '../settings-in-force.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Examples:
  chronicle config                                   every setting: names, default, what is accepted
  chronicle config --show                            the values that a start would use, and where they come from
  CHRONIK_KAFKA_PORT=9093 chronicle config --show    the same with a variable set
  chronicle config --show --json | jq .

A flag wins over a variable, a variable over the file given by --config, the file over the default.`

export function addConfig(program: Command, terminal: Terminal): void {
  addSettingFlags(program.command('config'))
    .description('Explain the settings, or show what they are set to')
    .option('--show', 'show the values in force and where they came from; secrets are hidden')
    .option('--json', 'as JSON')
    .addHelpText('after', examples)
    .action((options: { show?: boolean; json?: boolean }, command: Command) => {
      if (options.show) printSettingsInForce(terminal, settings, loadSettings(command), options.json ?? false)
      else explain(terminal, options.json ?? false)
    })
}

function explain(terminal: Terminal, json: boolean): void {
  if (json) {
    const listed = Object.values(settings).map(each => ({
      key: each.key,
      environment: each.environment,
      flag: each.flag,
      default: defaultOf(each),
      accepted: each.type.accepts,
      section: each.section,
      help: each.help,
    }))
    terminal.out(JSON.stringify(listed, null, 2))
    return
  }
  for (const [section, members] of bySection(settings)) {
    terminal.out(terminal.style('bold', section))
    for (const each of members) explainOne(terminal, each)
  }
}

function explainOne(terminal: Terminal, each: Setting): void {
  const names = [...each.environment, ...(each.flag ? [each.flag] : [])].join(', ')
  terminal.out(`  ${terminal.style('cyan', each.key)}  ${names}`)
  terminal.out(`      ${each.help}`)
  terminal.out(`      ${terminal.style('dim', `default ${defaultOf(each)}; accepted: ${each.type.accepts}`)}`)
}
