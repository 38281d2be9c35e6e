import { Argument, type Command } from 'commander'
import { type Shell, shells } from '../completion/shells.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Examples:
  source <(chronicle completion bash)                                           this bash alone
  chronicle completion bash > ~/.local/share/bash-completion/completions/chronicle
  chronicle completion zsh > "\${fpath[1]}/_chronicle"
  chronicle completion fish > ~/.config/fish/completions/chronicle.fish`

/** `completion SHELL`. */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('Print a script that lets a shell complete commands, options, topics and groups')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText('after', examples)
    .action(async (shell: Shell) => {
      const { completionScript } = await import('../completion/script.ts')
      terminal.out(completionScript(program, shell, ['chronik-server']))
    })
}
