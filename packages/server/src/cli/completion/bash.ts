import { type CompletedProgram, functionPrefix, listingProgram } from './completed-program.ts'
import { quote } from './quote.ts'
import type { Candidates, CompletedCommand } from './words.ts'

/** For bash 4 and newer. Two tables, what follows a command and what follows an option, and a function that reads them. */
export function bashScript(program: CompletedProgram, commands: readonly CompletedCommand[]): string {
  const own = functionPrefix(program)
  const { name, alsoCalled } = program
  const lists = name === listingProgram ? `"\${words[0]}"` : listingProgram
  return `# Completion of ${name} for bash. Load it with: source <(${name} completion bash)

# The commands that the words before the cursor lead to, such as "topics create".
${own}_path() {
  local path="" word
  for word in "\${words[@]:1:cword-1}"; do
    case "\${path:+$path }$word" in
${commands
  .filter(({ path }) => path !== '')
  .map(({ path }) => `      ${quote(path)}) path=${quote(path)} ;;`)
  .join('\n')}
    esac
  done
  printf '%s' "$path"
}

# Subcommands and options of a command.
${own}_words() {
  case "$1" in
${commands.map(command => `    ${quote(command.path) || '""'}) printf '%s\\n' ${wordsAfter(command).map(quote).join(' ')} ;;`).join('\n')}
  esac
}

# What an option of a command takes: reads "command option".
${own}_value() {
  case "$1" in
${commands.flatMap(command => valueCases(own, command)).join('\n')}
    *) return 1 ;;
  esac
}

# What a command takes that is no option.
${own}_operand() {
  case "$1" in
${commands
  .filter(({ operands }) => operands.length > 0)
  .map(({ path, operands }) => `    ${quote(path)}) ${candidates(own, operands.at(-1)!)} ;;`)
  .join('\n')}
  esac
}

# Names that only a running server knows. Silent when there is none.
${own}_names() {
  local at bootstrap=()
  for at in "\${!words[@]}"; do
    # bash takes HOST:PORT apart at the colon.
    [[ \${words[at]} == --bootstrap ]] && bootstrap=(--bootstrap "\${words[at + 1]}:\${words[at + 3]}")
  done
  COMPREPLY+=($(compgen -W "$(${lists} "$1" list --names "\${bootstrap[@]}" 2>/dev/null)" -- "$cur"))
}

${own}() {
  local cur words cword path previous
  words=("\${COMP_WORDS[@]}")
  cword=$COMP_CWORD
  cur=\${words[cword]}
  previous=\${words[cword - 1]}
  COMPREPLY=()
  path=$(${own}_path)
  if [[ $previous == -* ]] && ${own}_value "$path $previous"; then
    return
  fi
  if [[ $cur != -* ]]; then
    ${own}_operand "$path"
  fi
  COMPREPLY+=($(compgen -W "$(${own}_words "$path")" -- "$cur"))
}

complete -o bashdefault -F ${own} ${[name, ...alsoCalled].join(' ')}`
}

function wordsAfter({ commands, options }: CompletedCommand): string[] {
  return [
    ...commands.map(({ name }) => name),
    ...options.flatMap(({ long, short }) => (short ? [long, short] : [long])),
  ]
}

function valueCases(own: string, { path, options }: CompletedCommand): string[] {
  return options.flatMap(({ long, short, value }) => {
    if (value === undefined) return []
    const names = short ? [long, short] : [long]
    return [`    ${names.map(name => quote(`${path} ${name}`)).join('|')}) ${candidates(own, value)} ;;`]
  })
}

function candidates(own: string, value: Candidates): string {
  switch (value.kind) {
    case 'words':
      return `COMPREPLY+=($(compgen -W ${quote(value.words.join(' '))} -- "$cur"))`
    case 'topics':
    case 'groups':
      return `${own}_names ${value.kind}`
    case 'files':
      return 'COMPREPLY+=($(compgen -f -- "$cur"))'
    case 'directories':
      return 'COMPREPLY+=($(compgen -d -- "$cur"))'
    case 'anything':
      return ':'
  }
}
