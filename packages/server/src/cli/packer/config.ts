import { packerSettings } from '@chronicle/packer'
import { loadPackerSettings } from '../../packer/settings.ts'
import { sampleFile } from '../sample-file.ts'
import { printSettingsInForce } from '../settings-in-force.ts'
import type { Terminal } from '../terminal.ts'
import type { PackerGlobals } from './globals.ts'

/** Prints a file that names every key, or what holds. */
export function printPackerConfig(
  terminal: Terminal,
  { config }: PackerGlobals,
  { show, json }: { show?: boolean; json?: boolean },
): void {
  if (show) printSettingsInForce(terminal, packerSettings, loadPackerSettings(config), json ?? false)
  else terminal.out(sampleFile(packerSettings, 'Settings of the packer.'))
}
