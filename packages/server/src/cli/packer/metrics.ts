import { writeFileSync } from 'node:fs'
import { messageOf } from '@chronicle/base'
import { serverErrors } from '../../errors.ts'
import type { Terminal } from '../terminal.ts'
import { askRunning } from './ask.ts'
import { type PackerGlobals, settingsFor } from './globals.ts'

/** Prints the metrics of the running packer, or writes them to a file. */
export async function packerMetrics(
  terminal: Terminal,
  globals: PackerGlobals,
  { format, output }: { format?: string; output?: string },
): Promise<void> {
  const { places } = settingsFor(terminal, globals)
  const { body } = await askRunning(places, { command: 'metrics', format })
  if (output === undefined) {
    await terminal.write(String(body))
    return
  }
  try {
    writeFileSync(output, String(body))
  } catch (error) {
    throw serverErrors.create('server.output-unusable', { output, reason: messageOf(error) }, error)
  }
}
