import { systemClock } from '@chronicle/base'
import { size } from './format.ts'
import type { Terminal } from './terminal.ts'

const everyMs = 100
const barCells = 30

/** A bar that a person sees grow, and nobody else. */
export class Progress {
  readonly #terminal: Terminal
  #total: number
  readonly #unit: (total: number) => string
  #done = 0
  #isShown = false
  #shownAt = systemClock.monotonic()

  /** `unit` says the total in words: `size` for bytes. */
  constructor(terminal: Terminal, total: number, unit: (total: number) => string = size) {
    this.#terminal = terminal
    this.#total = total
    this.#unit = unit
  }

  /** Another total, where it was only guessed. */
  resize(total: number): void {
    this.#total = total
  }

  /** Drawn when it is called, for who works through gives way to no timer. */
  add(more: number): void {
    this.#done += more
    if (systemClock.monotonic() - this.#shownAt < everyMs) return
    this.#shownAt = systemClock.monotonic()
    this.#isShown = true
    this.#terminal.progress(bar(this.#done, this.#total, this.#unit))
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#isShown) this.#terminal.progress('')
  }
}

function bar(done: number, total: number, unit: (total: number) => string): string {
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const cells = Math.round(share * barCells)
  return `${'█'.repeat(cells)}${'░'.repeat(barCells - cells)} ${Math.round(share * 100)} % of ${unit(total)}`
}
