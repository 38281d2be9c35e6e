import { openCapture } from '@chronicle/capture'
import { type CaptureOptions, loadCaptureSettings } from '../../capture/settings.ts'
import { printableJson } from '../format.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'

export type CaptureStatusOptions = CaptureOptions & { readonly json?: boolean }

/** Shows how the capture of a database is. Resolves with the exit code: 0 while nothing fails. */
export async function captureStatus(terminal: Terminal, options: CaptureStatusOptions): Promise<number> {
  const { databasePath, socket } = loadCaptureSettings(options).values
  const status = await openCapture(databasePath, { socket }).status()
  terminal.out(printableJson(status, 2))
  return status.health.status === 'fail' ? exitCodes.failure : exitCodes.ok
}
