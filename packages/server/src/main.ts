import { CommanderError } from 'commander'
import { buildProgram } from './cli/program.ts'
import { exitCodeOf, exitCodes, reportError } from './cli/report.ts'
import { Terminal } from './cli/terminal.ts'

/** Runs one command line. Sets the exit code of the process: 0 done, 1 failed, 2 not understood. */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = new Terminal(process)
  // The reader of our results has gone (`chronicle consume | head`): there is nobody left to write for.
  process.stdout.on('error', error => {
    process.exit((error as NodeJS.ErrnoException).code === 'EPIPE' ? exitCodes.ok : exitCodes.failure)
  })
  try {
    await buildProgram(terminal).parseAsync(args, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    } else {
      reportError(terminal, error)
      process.exitCode = exitCodeOf(error)
    }
  }
}
