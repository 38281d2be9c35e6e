/** What the pictures of a status have in common: names on the left, beside them what there is to say, with signs and bars. */
import type { Terminal } from './terminal.ts'
import { folded } from './text-width.ts'

export type Sign = 'good' | 'poor' | 'bad' | 'off'

const barCells = 20

/** Names on the left, each once, and beside them what there is to say, folded where a terminal ends. */
export class StatusLines {
  readonly #terminal: Terminal
  readonly #nameWidth: number
  #name = ''

  constructor(terminal: Terminal, nameWidth: number) {
    this.#terminal = terminal
    this.#nameWidth = nameWidth
  }

  begin(name: string, text: string): void {
    const shown = name === this.#name ? '' : name
    this.#name = name
    this.#terminal.out(`  ${this.#terminal.style('dim', shown.padEnd(this.#nameWidth))}  ${text}`)
  }

  /** Belongs to the line before. */
  more(text: string, sign?: Sign): void {
    const indent = ' '.repeat(2 + this.#nameWidth + 2 + 2)
    const room = this.#terminal.isInteractive ? this.#terminal.columns - indent.length : Number.POSITIVE_INFINITY
    const [first, ...rest] = folded(text, room)
    const begun = sign === undefined ? first! : signed(this.#terminal, sign, first!)
    for (const line of [begun, ...rest]) this.#terminal.out(indent + line)
  }
}

export function signed(terminal: Terminal, sign: Sign, text: string): string {
  const signs = {
    good: terminal.style('green', '✓'),
    poor: terminal.style('yellow', '!'),
    bad: terminal.style('red', '✗'),
    off: terminal.style('dim', '·'),
  }
  return `${signs[sign]} ${text}`
}

/** How full something is. */
export function bar(terminal: Terminal, used: number, max: number): string {
  const cells = Math.min(barCells, Math.ceil((used / max) * barCells))
  const style = used >= max ? 'red' : used > max / 2 ? 'yellow' : 'green'
  return terminal.style(style, '█'.repeat(cells) + '░'.repeat(barCells - cells))
}
