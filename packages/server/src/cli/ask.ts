import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { serverErrors } from '../errors.ts'
import type { Terminal } from './terminal.ts'

/** Asks a question that only `yes` or `y` answers with yes. Where nobody can answer, the flag that answers is asked for. */
export async function confirm(terminal: Terminal, question: string, flag: string): Promise<boolean> {
  const answer = await ask(terminal, `${question} [y/N]`, flag)
  return /^y(es)?$/i.test(answer)
}

/** Asks for a line of text. Where nobody can answer, the flag that answers is asked for. */
export async function ask(terminal: Terminal, question: string, flag: string): Promise<string> {
  if (!terminal.canAsk) {
    throw serverErrors.create('server.invalid-argument', { missing: flag, because: 'nobody is there to be asked' })
  }
  const lines = createInterface({ input: terminal.input, output: process.stderr })
  return (await answerTo(lines, `${question} `)).trim()
}

/** Asks for a secret: what is typed is not shown (S14), and kept in no history. Only where `terminal.canAsk`. */
export async function askSecret(terminal: Terminal, question: string): Promise<string> {
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() })
  // `terminal` takes the echo from the system; readline's own goes nowhere.
  const lines = createInterface({ input: terminal.input, output: nowhere, terminal: true, historySize: 0 })
  // Not before: who types at once would see it.
  terminal.prompt(`${question}: `)
  try {
    return await answerTo(lines, '')
  } finally {
    terminal.note()
  }
}

/** Ctrl-C, Ctrl-D and the end of the input give no answer: 'server.not-answered'. */
async function answerTo(lines: Interface, question: string): Promise<string> {
  const { promise: given, resolve, reject } = Promise.withResolvers<string>()
  lines.once('SIGINT', () => lines.close())
  lines.once('close', () => reject(serverErrors.create('server.not-answered')))
  lines.question(question).then(resolve, reject)
  try {
    return await given
  } finally {
    lines.close()
  }
}
