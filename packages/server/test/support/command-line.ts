/** The command line in this process: what it prints without the second that a process takes to start, and on a terminal of any width. */
import { PassThrough, Readable, Writable } from 'node:stream'
import { type Command, CommanderError } from 'commander'
import { buildProgram } from '../../src/cli/program.ts'
import { exitCodeOf, exitCodes, reportError } from '../../src/cli/report.ts'
import { Terminal } from '../../src/cli/terminal.ts'

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Output that keeps what is written; with `columns` it says that it is a terminal. */
class Kept extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly columns: number | undefined

  constructor(columns: number | undefined) {
    super({ decodeStrings: true })
    this.isTTY = columns !== undefined
    this.columns = columns
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }

  /** Asked by `styleText`. */
  getColorDepth(): number {
    return 4
  }
}

export type CommandOptions = {
  readonly input?: string | Uint8Array
  readonly columns?: number
  /** Variables of this process while the command runs, and no other ones of Chronicle: not for commands at the same time. */
  readonly env?: Readonly<Record<string, string>>
}

/** Runs one command to its end, as `main` does. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [stdout, stderr] = [new Kept(options.columns), new Kept(undefined)]
  const stdin = options.input === undefined ? new PassThrough().end() : Readable.from([Buffer.from(options.input)])
  const terminal = new Terminal({ stdin, stdout, stderr } as unknown as ConstructorParameters<typeof Terminal>[0])
  const before = process.exitCode
  process.exitCode = exitCodes.ok
  const restore = options.env ? setVariables(options.env) : () => undefined
  try {
    const program = buildProgram(terminal)
    printTo(program, stdout, stderr)
    await program.parseAsync(args, { from: 'user' })
    return { code: Number(process.exitCode), stdout: stdout.text, stderr: stderr.text }
  } catch (error) {
    if (error instanceof CommanderError) {
      const code = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
      return { code, stdout: stdout.text, stderr: stderr.text }
    }
    reportError(terminal, error)
    return { code: exitCodeOf(error), stdout: stdout.text, stderr: stderr.text }
  } finally {
    process.exitCode = before
    restore()
  }
}

/** Returns what puts everything back as it was. */
function setVariables(variables: Readonly<Record<string, string>>): () => void {
  const ours = Object.keys(process.env).filter(name => name.startsWith('CHRONI'))
  const before = [...new Set([...ours, ...Object.keys(variables)])].map(name => [name, process.env[name]] as const)
  for (const name of ours) delete process.env[name]
  Object.assign(process.env, variables)
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
}

/** Help and mistakes in the command line too, of which each command has its own way out. */
function printTo(command: Command, stdout: Writable, stderr: Writable): void {
  command.configureOutput({ writeOut: text => stdout.write(text), writeErr: text => stderr.write(text) })
  for (const child of command.commands) printTo(child, stdout, stderr)
}
