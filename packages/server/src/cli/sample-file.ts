import { bySection, defaultOf, formatValue, type Setting, type Settings } from '@chronicle/config'

/** A configuration file with every key and its default, commented out: what is not changed keeps following the default. */
export function sampleFile(settings: Settings, title: string): string {
  const sections = [...bySection(settings)].map(([section, members]) => {
    return [`# ${section}`, ...members.filter(each => !each.type.secret).map(sampleLines)].join('\n')
  })
  return [`# ${title} Variables win over this file.`, ...sections].join('\n\n')
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
