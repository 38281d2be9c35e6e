import type { Command } from 'commander'
import { programVersion } from '../../version.ts'
import type { Terminal } from '../terminal.ts'

export function addVersion(program: Command, terminal: Terminal): void {
  program
    .command('version')
    .description('Show the version of the program and of Node')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => {
      const version = programVersion()
      const platform = `${process.platform} ${process.arch}`
      if (options.json) terminal.out(JSON.stringify({ version, node: process.versions.node, platform }))
      else terminal.out(`chronicle ${version} (Node ${process.versions.node}, ${platform})`)
    })
}
