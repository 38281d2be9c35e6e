import type { Command } from 'commander'
import { addSettingFlags, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'

const examples = `
Exit code 0: the server serves, perhaps with a warning; 1: it does not, or nobody answers. Made for health checks of containers.

Examples:
  chronicle health
  chronicle health --http-port 8701 --json`

/** `health`: asks /health of the server that these settings start. */
export function addHealth(program: Command, terminal: Terminal): void {
  addSettingFlags(program.command('health'))
    .description('Ask a running server how it is')
    .option('--json', 'as JSON')
    .addHelpText('after', examples)
    .action(async (options: { json?: boolean }, command: Command) => {
      const { askHealth } = await import('../health.ts')
      process.exitCode = await askHealth(terminal, loadSettings(command).values, options.json ?? false)
    })
}
