import type { PackerHealth } from '@chronicle/packer'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { askRunning } from './ask.ts'
import { type PackerGlobals, settingsFor } from './globals.ts'

/** Resolves with the exit code: 0 while the packer works, be it degraded; 1 when it fails. */
export async function askPackerHealth(terminal: Terminal, globals: PackerGlobals, json: boolean): Promise<number> {
  const { places } = settingsFor(terminal, globals)
  const { status, checks } = (await askRunning(places, { command: 'health' })) as unknown as PackerHealth
  if (json) terminal.out(JSON.stringify({ status, checks }, null, 2))
  else {
    terminal.out(status)
    for (const [name, check] of Object.entries(checks)) {
      terminal.out(`  ${name.padEnd(8)} ${check.status.padEnd(8)} ${check.reason}`)
    }
  }
  return status === 'failing' ? exitCodes.failure : exitCodes.ok
}
