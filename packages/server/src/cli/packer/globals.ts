import type { PackerSettings } from '@chronicle/packer'
import { type PackerPlaces, packerPlaces } from '../../packer/places.ts'
import { loadPackerSettings } from '../../packer/settings.ts'
import type { Terminal } from '../terminal.ts'

/** What may stand before every command of the packer. */
export type PackerGlobals = {
  readonly config: string | undefined
  readonly pidFile: string | undefined
  readonly daemon: boolean
  readonly jsonLogs: boolean
}

/** The settings in force and where everything is, with warnings told. */
export function settingsFor(
  terminal: Terminal,
  { config }: PackerGlobals,
): { readonly settings: PackerSettings; readonly places: PackerPlaces } {
  const { values: settings, warnings } = loadPackerSettings(config)
  for (const warning of warnings) terminal.note(`${terminal.noteStyle('yellow', 'warning:')} ${warning}`)
  return { settings, places: packerPlaces(settings) }
}
