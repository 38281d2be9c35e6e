/** What was checked of a stored session, and what was found. */
export type SessionVerification = {
  readonly sessionId: string
  /** Nothing that was checked is wrong. Look at `checks` for what was not checked. */
  readonly sound: boolean
  readonly checks: readonly SessionCheck[]
}

export type SessionCheck = {
  /** In the order in which they are made. */
  readonly name: 'record' | 'checkpoint' | 'tree' | 'tiles' | 'chunks'
  readonly outcome: 'passed' | 'failed' | 'not checked'
  /** What it proves, or why it was not checked. */
  readonly detail: string
  /** What is wrong, at most `problemsListedMax` of them. */
  readonly problems: readonly string[]
  readonly problemsTotal: number
}

export const problemsListedMax = 100

/** Gathers what one check finds. */
export class Findings {
  readonly #name: SessionCheck['name']
  readonly #problems: string[] = []
  #total = 0

  constructor(name: SessionCheck['name']) {
    this.#name = name
  }

  problem(text: string): void {
    this.#total++
    if (this.#problems.length < problemsListedMax) this.#problems.push(text)
  }

  get isClean(): boolean {
    return this.#total === 0
  }

  /** `detail` says what holds, if nothing was found. */
  result(detail: string): SessionCheck {
    const outcome = this.isClean ? 'passed' : 'failed'
    return { name: this.#name, outcome, detail, problems: this.#problems, problemsTotal: this.#total }
  }

  notChecked(reason: string): SessionCheck {
    return { name: this.#name, outcome: 'not checked', detail: reason, problems: [], problemsTotal: 0 }
  }
}
