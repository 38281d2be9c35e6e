import { quote } from './quote.ts'
import type { Candidates, CompletedCommand, CompletedOption } from './words.ts'

/** For fish: one `complete` for each subcommand, option and argument, under the condition that its command was typed. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const parents = commands.filter(({ path, commands: children }) => path !== '' && children.length > 0)
  return `# Completion of chronicle for fish. Put it as chronicle.fish into ~/.config/fish/completions.

# True when the words typed so far lead to the command of the arguments.
function __chronicle_at
    set -l typed (string match -v -- '-*' (commandline -opc)[2..])
    test (count $argv) -eq 0; and test (count $typed) -eq 0; and return 0
    test (count $argv) -gt 0; and test "$typed[1..$(count $argv)]" = "$argv"
end

# Names that only a running server knows.
function __chronicle_names
    chronicle $argv[1] list --names 2>/dev/null
end

complete -c chronicle -f
${commands.flatMap(lines).join('\n')}
${parents.length === 0 ? '' : 'complete -c chronik-server -w chronicle'}`
}

function lines({ path, commands, options, operands }: CompletedCommand): string[] {
  const condition = quote(path === '' ? '__chronicle_at' : `__chronicle_at ${path}`)
  const base = `complete -c chronicle -n ${condition}`
  return [
    ...commands.map(({ name, description }) => `${base} -a ${quote(name)} -d ${quote(description)}`),
    ...options.map(option => `${base} ${optionWords(option)}`),
    ...operands.map(operand => `${base} ${values(operand)}`).filter(line => line !== `${base} `),
  ]
}

function optionWords({ long, short, description, value }: CompletedOption): string {
  const names = [`-l ${long.replace(/^--/, '')}`, ...(short ? [`-s ${short.replace(/^-/, '')}`] : [])]
  const taken = value === undefined ? [] : [value.kind === 'files' ? '-r' : '-x', values(value)]
  return [...names, `-d ${quote(description)}`, ...taken].filter(word => word !== '').join(' ')
}

function values(value: Candidates): string {
  switch (value.kind) {
    case 'words':
      return `-a ${quote(value.words.join(' '))}`
    case 'topics':
    case 'groups':
      return `-a '(__chronicle_names ${value.kind})'`
    case 'files':
      return '-F'
    case 'directories':
      return "-a '(__fish_complete_directories)'"
    case 'anything':
      return ''
  }
}
