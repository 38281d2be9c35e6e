import { messageOf } from '@chronicle/base'

/** What a check found: `warn` still serves, `fail` does not. `reason` says why, and what to do where something has to be done. */
export type CheckResult = { readonly status: 'pass' | 'warn' | 'fail'; readonly reason: string }

export type HealthReport = {
  readonly status: 'pass' | 'warn' | 'fail'
  readonly checks: Readonly<Record<string, CheckResult>>
}

/** Named checks, asked when somebody wants to know. A check answers from memory: it never waits. */
export class Health {
  readonly #checks = new Map<string, () => CheckResult>()

  register(name: string, check: () => CheckResult): void {
    this.#checks.set(name, check)
  }

  /** As bad as the worst check (TM3). */
  report(): HealthReport {
    const checks = Object.fromEntries([...this.#checks].map(([name, check]) => [name, ask(check)]))
    const statuses = Object.values(checks).map(check => check.status)
    const status = statuses.includes('fail') ? 'fail' : statuses.includes('warn') ? 'warn' : 'pass'
    return { status, checks }
  }
}

function ask(check: () => CheckResult): CheckResult {
  try {
    return check()
  } catch (error) {
    return { status: 'fail', reason: messageOf(error) }
  }
}
