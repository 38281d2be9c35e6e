import { createInterface } from 'node:readline/promises'
import { serverErrors } from '../errors.ts'
import type { Terminal } from './terminal.ts'

/** Asks a question that only `yes` or `y` answers with yes. Where nobody can answer, the flag that answers is asked for. */
export async function confirm(terminal: Terminal, question: string, flag: string): Promise<boolean> {
  if (!terminal.canAsk) {
    throw serverErrors.create('server.invalid-argument', { missing: flag, because: 'nobody is there to be asked' })
  }
  const lines = createInterface({ input: terminal.input, output: process.stderr })
  try {
    const answer = await lines.question(`${question} [y/N] `)
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
