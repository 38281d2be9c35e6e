import type { Command } from 'commander'
import { bashScript } from './bash.ts'
import { fishScript } from './fish.ts'
import type { Shell } from './shells.ts'
import { completedCommands } from './words.ts'
import { zshScript } from './zsh.ts'

/** The completion script for `shell`, made from the commands and options as they are. `alsoCalled`: other names of the same program. */
export function completionScript(program: Command, shell: Shell, alsoCalled: readonly string[]): string {
  const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript }
  return scripts[shell]({ name: program.name(), alsoCalled }, completedCommands(program))
}
