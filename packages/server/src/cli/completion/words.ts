import type { Argument, Command, Option } from 'commander'

/** What may stand at a place of the command line. */
export type Candidates =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'topics' | 'groups' | 'files' | 'directories' | 'anything' }

export type CompletedOption = {
  readonly long: string
  readonly short: string | undefined
  readonly description: string
  /** What its value may be; undefined when it takes none. */
  readonly value: Candidates | undefined
}

/** A command as completion sees it. `path` is what is typed to get there: `topics create`. */
export type CompletedCommand = {
  readonly path: string
  readonly description: string
  /** Its subcommands: names with descriptions. */
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly options: readonly CompletedOption[]
  /** What its arguments may be; the last one goes for all further words. */
  readonly operands: readonly Candidates[]
}

/** Every command below `program`, itself first, with what may follow it. */
export function completedCommands(program: Command): CompletedCommand[] {
  const visit = (command: Command, path: readonly string[]): CompletedCommand[] => {
    const names = path.length === 0 ? [''] : [command.name(), ...command.aliases()]
    const own = names.map(name => ({
      path: [...path.slice(0, -1), name].join(' '),
      description: command.description(),
      commands: command.commands.flatMap(child =>
        [child.name(), ...child.aliases()].map(name => ({ name, description: child.description() })),
      ),
      options: command.options.filter(option => !option.hidden).map(completedOption),
      operands: command.registeredArguments.map(candidatesOfArgument),
    }))
    return [...own, ...command.commands.flatMap(child => visit(child, [...path, child.name()]))]
  }
  return visit(program, [])
}

function completedOption(option: Option): CompletedOption {
  const takesValue = option.required || option.optional
  return {
    long: option.long ?? option.flags,
    short: option.short,
    description: option.description,
    value: takesValue ? candidatesOf(placeholderOf(option), option.argChoices) : undefined,
  }
}

function placeholderOf({ flags }: Option): string {
  return /[<[](.+?)[\]>]/.exec(flags)?.[1] ?? ''
}

function candidatesOfArgument(argument: Argument): Candidates {
  return candidatesOf(argument.name(), argument.argChoices)
}

/** The word that stands for a value in help says what the value is. */
function candidatesOf(placeholder: string, choices: readonly string[] | undefined): Candidates {
  if (choices) return { kind: 'words', words: choices }
  if (placeholder.includes('|')) return { kind: 'words', words: placeholder.split('|') }
  if (/^topics?$/.test(placeholder)) return { kind: 'topics' }
  if (/^groups?$/.test(placeholder)) return { kind: 'groups' }
  if (/^(path|directory)$/.test(placeholder)) return { kind: 'directories' }
  return { kind: /^files?$/.test(placeholder) ? 'files' : 'anything' }
}
