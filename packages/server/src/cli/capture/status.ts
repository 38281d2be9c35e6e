import { existsSync, statSync } from 'node:fs'
import {
  type CaptureStatus,
  captureErrors,
  defaultDatabasePath,
  openCapture,
  openCaptureReader,
  type WaitingWindows,
} from '@chronicle/capture'
import { type CaptureOptions, loadCaptureSettings } from '../../capture/settings.ts'
import { plural, printableJson, size } from '../format.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { printCaptureStatus } from './status-picture.ts'

export type CaptureStatusOptions = CaptureOptions & { readonly json?: boolean }

/** Shows how the capture of a database is. Resolves with the exit code: 0 while nothing fails. */
export async function captureStatus(terminal: Terminal, options: CaptureStatusOptions): Promise<number> {
  const { databasePath = defaultDatabasePath(), socket } = loadCaptureSettings(options).values
  const status = await statusOf(databasePath, socket)
  if (options.json) terminal.out(printableJson(status ?? { running: false, ...restOf(databasePath) }, 2))
  else if (status) printCaptureStatus(terminal, status)
  else printRest(terminal, databasePath)
  return status && status.health.status !== 'fail' ? exitCodes.ok : exitCodes.failure
}

/** undefined where nothing runs. */
async function statusOf(databasePath: string, socket: string | undefined): Promise<CaptureStatus | undefined> {
  try {
    return await openCapture(databasePath, { socket }).status()
  } catch (error) {
    if (captureErrors.is(error) && error.code === 'capture.not-open') return undefined
    throw error
  }
}

type Rest = {
  readonly database: string
  readonly database_bytes: number
  readonly windows: WaitingWindows
}

/** What the database says while nobody works on it; no windows where there is none. */
function restOf(databasePath: string): Rest | { readonly database: string } {
  if (!existsSync(databasePath)) return { database: databasePath }
  const reader = openCaptureReader({ path: databasePath })
  const windows = (state: 'open' | 'closed' | 'built') => reader.totals({ state }).windows
  try {
    const counts = { open: windows('open'), closed: windows('closed'), built: windows('built') }
    return { database: databasePath, database_bytes: statSync(databasePath).size, windows: counts }
  } finally {
    void reader.close()
  }
}

function printRest(terminal: Terminal, databasePath: string): void {
  terminal.out(`${terminal.style(['bold', 'yellow'], 'Nothing runs')}  ${terminal.style('dim', databasePath)}`)
  const rest = restOf(databasePath)
  if (!('windows' in rest)) {
    terminal.note('There is no database yet: chronicle capture run makes it.')
    return
  }
  const { open, closed, built } = rest.windows
  const waiting = open + closed + built
  terminal.out(
    `  ${size(rest.database_bytes)}, ${waiting === 0 ? 'no windows wait' : `${plural(waiting, 'window')} to be taken by the analysis`}`,
  )
  terminal.note('chronicle capture run starts it.')
}
