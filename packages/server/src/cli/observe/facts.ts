import type { Terminal } from '../terminal.ts'

/** Names and what they stand for, one a line; what is undefined is left out. */
export function printFacts(terminal: Terminal, facts: readonly (readonly [string, string | undefined])[]): void {
  const shown = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined)
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  for (const [name, value] of shown) terminal.out(`  ${terminal.style('dim', name.padEnd(width))}  ${value}`)
}
