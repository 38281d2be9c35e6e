import { quote } from './quote.ts'
import type { Candidates, CompletedCommand, CompletedOption } from './words.ts'

/** For zsh: a function for each command, each of them one `_arguments`. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef chronicle chronik-server
# Completion of chronicle for zsh. Put it as _chronicle into a directory of $fpath.

_chronicle_names() {
  local -a names
  names=(\${(f)"$("$words[1]" "$1" list --names 2>/dev/null)"})
  compadd -a names
}

${commands.map(commandFunction).join('\n\n')}

if [[ $funcstack[1] == _chronicle ]]; then
  _chronicle "$@"
else
  compdef _chronicle chronicle chronik-server
fi`
}

function commandFunction(command: CompletedCommand): string {
  const lines = command.options.flatMap(optionSpecs)
  if (command.commands.length === 0) {
    const operands = command.operands.map((operand, at) => {
      const place = at === command.operands.length - 1 ? '*' : String(at + 1)
      return quote(`${place}:argument:${action(operand)}`)
    })
    return `${functionName(command.path)}() {\n  _arguments -s ${continued([...lines, ...operands])}\n}`
  }
  const names = command.commands.map(({ name, description }) => quote(`${name}:${description.replaceAll(':', '\\:')}`))
  const cases = command.commands.map(
    ({ name }) => `        ${quote(name)}) ${functionName(command.path === '' ? name : `${command.path} ${name}`)} ;;`,
  )
  return `${functionName(command.path)}() {
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

function functionName(path: string): string {
  return path === '' ? '_chronicle' : `_chronicle_${path.replace(/[ -]/g, '_')}`
}

function continued(specs: readonly string[]): string {
  return specs.map(spec => `\\\n    ${spec}`).join(' ')
}

function optionSpecs({ long, short, description, value }: CompletedOption): string[] {
  const text = description.replace(/[[\]:]/g, character => `\\${character}`)
  const taken = value === undefined ? '' : `:value:${action(value)}`
  return [long, ...(short ? [short] : [])].map(name => quote(`${name}[${text}]${taken}`))
}

function action(value: Candidates): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`
    case 'topics':
    case 'groups':
      return `{_chronicle_names ${value.kind}}`
    case 'files':
      return '_files'
    case 'directories':
      return '_files -/'
    case 'anything':
      return ' '
  }
}
