import type { Command } from 'commander'
import { programVersion } from '../../version.ts'
import type { Terminal } from '../terminal.ts'

const platform = `${process.platform} ${process.arch}`

export function addVersion(program: Command, terminal: Terminal): void {
  program
    .version(versionLine(), '-V, --version', 'Show the version of the program and of Node')
    .command('version')
    .description('Show the version of the program and of Node')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => {
      if (options.json)
        terminal.out(JSON.stringify({ version: programVersion(), node: process.versions.node, platform }))
      else terminal.out(versionLine())
    })
}

function versionLine(): string {
  return `chronicle ${programVersion()} (Node ${process.versions.node}, ${platform})`
}
