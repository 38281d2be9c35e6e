import { type CompletedProgram, functionPrefix, listingProgram } from './completed-program.ts'
import { quote } from './quote.ts'
import type { Candidates, CompletedCommand, CompletedOption } from './words.ts'

/** For zsh: a function for each command, each of them one `_arguments`. */
export function zshScript(program: CompletedProgram, commands: readonly CompletedCommand[]): string {
  const own = functionPrefix(program)
  const lists = program.name === listingProgram ? '"$words[1]"' : listingProgram
  const names = [program.name, ...program.alsoCalled].join(' ')
  return `#compdef ${names}
# Completion of ${program.name} for zsh. Put it as _${program.name} into a directory of $fpath.

${own}_names() {
  local -a names
  names=(\${(f)"$(${lists} "$1" list --names 2>/dev/null)"})
  compadd -a names
}

${commands.map(command => commandFunction(own, command)).join('\n\n')}

if [[ $funcstack[1] == _${program.name} ]]; then
  ${own} "$@"
else
  compdef ${own} ${names}
fi`
}

function commandFunction(own: string, command: CompletedCommand): string {
  const lines = command.options.flatMap(option => optionSpecs(own, option))
  if (command.commands.length === 0) {
    const operands = command.operands.map((operand, at) => {
      const place = at === command.operands.length - 1 ? '*' : String(at + 1)
      return quote(`${place}:argument:${action(own, operand)}`)
    })
    return `${functionName(own, command.path)}() {\n  _arguments -s ${continued([...lines, ...operands])}\n}`
  }
  const names = command.commands.map(({ name, description }) => quote(`${name}:${description.replaceAll(':', '\\:')}`))
  const cases = command.commands.map(
    ({ name }) =>
      `        ${quote(name)}) ${functionName(own, command.path === '' ? name : `${command.path} ${name}`)} ;;`,
  )
  return `${functionName(own, command.path)}() {
  local state line
  local -a commands
  commands=(
    ${names.join('\n    ')}
  )
  _arguments -s -C ${continued([...lines, "'1: :->command'", "'*:: :->rest'"])}
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
}`
}

function functionName(own: string, path: string): string {
  return path === '' ? own : `${own}_${path.replace(/[ -]/g, '_')}`
}

function continued(specs: readonly string[]): string {
  return specs.map(spec => `\\\n    ${spec}`).join(' ')
}

function optionSpecs(own: string, { long, short, description, value }: CompletedOption): string[] {
  const text = description.replace(/[[\]:]/g, character => `\\${character}`)
  const taken = value === undefined ? '' : `:value:${action(own, value)}`
  return [long, ...(short ? [short] : [])].map(name => quote(`${name}[${text}]${taken}`))
}

function action(own: string, value: Candidates): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`
    case 'topics':
    case 'groups':
      return `{${own}_names ${value.kind}}`
    case 'files':
      return '_files'
    case 'directories':
      return '_files -/'
    case 'anything':
      return ' '
  }
}
