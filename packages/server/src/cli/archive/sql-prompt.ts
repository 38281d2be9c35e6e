import { createInterface, type Interface } from 'node:readline'
import { isStatementEnd } from '../../archive-sql/statement-end.ts'
import { serverErrors } from '../../errors.ts'
import { reportError } from '../report.ts'
import type { Terminal } from '../terminal.ts'

/** Of lines that are kept in memory for the arrow keys. */
const historyLinesMax = 1000

const help = `A statement ends with ; and may go over several lines.
  .tables   what there is to ask; DESCRIBE events; shows the columns of a table
  .help     this
  .quit     leave, as Ctrl-D does
Ctrl-C ends the query that runs, or forgets what was typed.`

export type SqlSession = {
  /** Runs statements and prints what they give. */
  run(sql: string): Promise<void>
  interrupt(): void
}

/** Asks for statements until the person leaves. What is typed is kept in memory alone. */
export async function promptForSql(terminal: Terminal, session: SqlSession): Promise<void> {
  const lines = createInterface({ input: terminal.input, output: process.stderr, historySize: historyLinesMax })
  const prompt = new Prompt(terminal, session, lines)
  terminal.note(terminal.noteStyle('dim', 'SQL over the archive; .help says how, Ctrl-D leaves'))
  prompt.show()
  for await (const line of lines) {
    if (!(await prompt.take(line))) break
    prompt.show()
  }
  lines.close()
}

class Prompt {
  readonly #terminal: Terminal
  readonly #session: SqlSession
  readonly #lines: Interface
  #typed = ''
  #isRunning = false

  constructor(terminal: Terminal, session: SqlSession, lines: Interface) {
    this.#terminal = terminal
    this.#session = session
    this.#lines = lines
    lines.on('SIGINT', () => this.#interrupt())
  }

  show(): void {
    this.#lines.setPrompt(this.#typed === '' ? 'sql> ' : '...> ')
    this.#lines.prompt()
  }

  /** False when the person leaves. */
  async take(line: string): Promise<boolean> {
    const word = line.trim()
    if (this.#typed === '' && word.startsWith('.')) return this.#command(word)
    if (this.#typed === '' && word === '') return true
    this.#typed += `${line}\n`
    if (!isStatementEnd(this.#typed)) return true
    const sql = this.#typed
    this.#typed = ''
    await this.#run(sql)
    return true
  }

  async #command(word: string): Promise<boolean> {
    if (word === '.quit' || word === '.exit') return false
    if (word === '.tables') await this.#run('SHOW TABLES')
    else if (word === '.help') this.#terminal.note(help)
    else this.#terminal.note(`There is no ${word}: .help shows what there is.`)
    return true
  }

  async #run(sql: string): Promise<void> {
    this.#isRunning = true
    try {
      await this.#session.run(sql)
    } catch (error) {
      if (serverErrors.is(error) && error.code === 'server.query-interrupted') this.#terminal.note('interrupted')
      else reportError(this.#terminal, error)
    } finally {
      this.#isRunning = false
    }
  }

  #interrupt(): void {
    if (this.#isRunning) {
      this.#session.interrupt()
      return
    }
    this.#typed = ''
    // What stands in the line is shown no more.
    this.#lines.write(null, { ctrl: true, name: 'e' })
    this.#lines.write(null, { ctrl: true, name: 'u' })
    this.#terminal.note()
    this.show()
  }
}
