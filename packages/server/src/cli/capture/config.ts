import { type CaptureOptions, captureRunSettings, loadCaptureSettings } from '../../capture/settings.ts'
import { sampleFile } from '../sample-file.ts'
import { printSettingsInForce } from '../settings-in-force.ts'
import type { Terminal } from '../terminal.ts'

export type CaptureConfigOptions = CaptureOptions & { readonly show?: boolean; readonly json?: boolean }

/** Prints a file that names every key, or what holds. */
export function printCaptureConfig(terminal: Terminal, { show, json, ...options }: CaptureConfigOptions): void {
  if (show) printSettingsInForce(terminal, captureRunSettings, loadCaptureSettings(options), json ?? false)
  else terminal.out(sampleFile(captureRunSettings, 'Settings of capture.'))
}
