import { ChronicleError, messageOf } from '@chronicle/base'
import { plural, printable } from '../format.ts'
import type { Terminal } from '../terminal.ts'

/** What is wrong with one file. */
export type FileProblem = {
  readonly path: string
  /** Of docs/errors.md; undefined for what is no error of ours. */
  readonly code?: string | undefined
  readonly what: string
  readonly reason?: string | undefined
  readonly remedy?: string | undefined
}

export function problemOf(path: string, error: unknown): FileProblem {
  if (!(error instanceof ChronicleError)) return { path, what: messageOf(error) }
  const { reason } = error.details
  const { code, summary: what, remedy } = error
  return { path, code, what, reason: reason === undefined ? undefined : `${reason}`, remedy }
}

/** Each file with its reason; what to do once for all that have the same to be done. */
export function printProblems(terminal: Terminal, problems: readonly FileProblem[]): void {
  for (const what of new Set(problems.map(problem => problem.what))) {
    const same = problems.filter(problem => problem.what === what)
    const files = same.length > 1 ? ` (${plural(same.length, 'file')})` : ''
    terminal.out(`${terminal.style('red', '×')} ${what}${files}`)
    for (const { path, reason } of same) {
      terminal.out(`    ${printable(path)}`)
      if (reason !== undefined) terminal.out(`        ${terminal.style('dim', printable(reason))}`)
    }
    const { remedy } = same[0]!
    if (remedy) terminal.out(`  ${terminal.style('cyan', '→')} ${remedy}`)
  }
}
