import type { Terminal } from '../terminal.ts'
import { type Check, type Finding, isValid } from './finding.ts'

const verdicts = { valid: 'valid', refused: 'REFUSED', unchecked: 'NOT VERIFIED' } as const

/** Says what was found about one thing, for people. */
export function printFinding(terminal: Terminal, finding: Finding): void {
  const { target, kind, checks, picture, proves, doesNotProve } = finding
  terminal.out(`${terminal.style('bold', target)}  ${kind}`)
  for (const check of checks) printCheck(terminal, check)
  if (picture) {
    terminal.out()
    for (const line of picture) terminal.out(terminal.style('dim', line))
  }
  if (isValid(finding)) {
    printSentences(terminal, 'What this proves', proves)
    printSentences(terminal, 'What it does not prove', doesNotProve)
  }
  const worst = checks.some(({ outcome }) => outcome === 'refused')
    ? 'refused'
    : isValid(finding)
      ? 'valid'
      : 'unchecked'
  const colours = { valid: 'green', refused: 'red', unchecked: 'yellow' } as const
  terminal.out()
  terminal.out(terminal.style(colours[worst], `${target}: ${verdicts[worst]}`))
}

function printCheck(terminal: Terminal, { outcome, what, detail, remedy }: Check): void {
  const marks = { valid: terminal.style('green', '✓'), refused: terminal.style('red', '✗'), unchecked: '–' }
  const words = { valid: what, refused: `not so: ${what}`, unchecked: `not checked: ${what}` }
  terminal.out(`  ${marks[outcome]} ${words[outcome]}`)
  if (detail !== undefined) terminal.out(`      ${terminal.style('dim', detail)}`)
  if (remedy !== undefined) terminal.out(`      ${terminal.style('cyan', '→')} ${remedy}`)
}

function printSentences(terminal: Terminal, title: string, sentences: readonly string[]): void {
  if (sentences.length === 0) return
  terminal.out()
  terminal.out(terminal.style('bold', title))
  for (const sentence of sentences) terminal.out(`  · ${sentence}`)
}
