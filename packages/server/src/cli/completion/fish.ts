import { type CompletedProgram, functionPrefix, listingProgram } from './completed-program.ts'
import { quote } from './quote.ts'
import type { Candidates, CompletedCommand, CompletedOption } from './words.ts'

/** For fish: one `complete` for each subcommand, option and argument, under the condition that its command was typed. */
export function fishScript(program: CompletedProgram, commands: readonly CompletedCommand[]): string {
  const { name, alsoCalled } = program
  const own = `_${functionPrefix(program)}`
  return `# Completion of ${name} for fish. Put it as ${name}.fish into ~/.config/fish/completions.

# True when the words typed so far lead to the command of the arguments.
function ${own}_at
    set -l typed (string match -v -- '-*' (commandline -opc)[2..])
    test (count $argv) -eq 0; and test (count $typed) -eq 0; and return 0
    test (count $argv) -gt 0; and test "$typed[1..$(count $argv)]" = "$argv"
end

# Names that only a running server knows.
function ${own}_names
    ${listingProgram} $argv[1] list --names 2>/dev/null
end

complete -c ${name} -f
${commands.flatMap(command => lines(name, own, command)).join('\n')}
${alsoCalled.map(other => `complete -c ${other} -w ${name}`).join('\n')}`
}

function lines(program: string, own: string, { path, commands, options, operands }: CompletedCommand): string[] {
  const condition = quote(path === '' ? `${own}_at` : `${own}_at ${path}`)
  const base = `complete -c ${program} -n ${condition}`
  return [
    ...commands.map(({ name, description }) => `${base} -a ${quote(name)} -d ${quote(description)}`),
    ...options.map(option => `${base} ${optionWords(own, option)}`),
    ...operands.map(operand => `${base} ${values(own, operand)}`).filter(line => line !== `${base} `),
  ]
}

function optionWords(own: string, { long, short, description, value }: CompletedOption): string {
  const names = [`-l ${long.replace(/^--/, '')}`, ...(short ? [`-s ${short.replace(/^-/, '')}`] : [])]
  const taken = value === undefined ? [] : [value.kind === 'files' ? '-r' : '-x', values(own, value)]
  return [...names, `-d ${quote(description)}`, ...taken].filter(word => word !== '').join(' ')
}

function values(own: string, value: Candidates): string {
  switch (value.kind) {
    case 'words':
      return `-a ${quote(value.words.join(' '))}`
    case 'topics':
    case 'groups':
      return `-a '(${own}_names ${value.kind})'`
    case 'files':
      return '-F'
    case 'directories':
      return "-a '(__fish_complete_directories)'"
    case 'anything':
      return ''
  }
}
