import { ChronicleError, messageOf } from '@chronicle/base'
import { configErrors } from '@chronicle/config'
import type { serverErrors } from '../errors.ts'
import type { Terminal } from './terminal.ts'

/** What a command's exit code says (S5). */
export const exitCodes = { ok: 0, failure: 1, usage: 2 } as const

const usageCodes: readonly string[] = [
  ...Object.keys(configErrors.specs),
  'vault.invalid-argument',
  'server.unknown-command',
  'server.invalid-argument',
  'server.key-needed',
  'server.advertised-address-missing',
  'server.cluster-not-available',
  'server.mode-not-available',
] satisfies readonly (keyof typeof serverErrors.specs | (string & {}))[]

/** What a command ends with that failed with `error`: a mistake in the command line or the settings is told from the rest. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof AggregateError) return Math.max(exitCodes.failure, ...error.errors.map(exitCodeOf))
  return error instanceof ChronicleError && usageCodes.includes(error.code) ? exitCodes.usage : exitCodes.failure
}

/** Tells the person what went wrong and what to do. */
export function reportError(terminal: Terminal, error: unknown): void {
  if (error instanceof AggregateError && error.errors.every(each => each instanceof ChronicleError)) {
    for (const each of error.errors) reportError(terminal, each)
    return
  }
  if (!(error instanceof ChronicleError)) {
    terminal.note(`${terminal.noteStyle('red', 'error:')} ${messageOf(error)}`)
    if (error instanceof Error && error.stack) terminal.note(terminal.noteStyle('dim', stackBelow(error)))
    return
  }
  terminal.note(`${terminal.noteStyle('red', 'error:')} ${error.summary}`)
  // What the server advises is nearer to the matter than what can be said of every refusal.
  const { advice = error.remedy, ...details } = error.details
  const facts = Object.entries(details).filter(([, value]) => value !== undefined)
  const names = facts.map(([name]) => inWords(name))
  const nameWidth = Math.max(0, ...names.map(name => name.length))
  facts.forEach(([, value], at) => {
    terminal.note(`  ${terminal.noteStyle('dim', names[at]!.padEnd(nameWidth))}  ${value}`)
  })
  terminal.note(`  ${terminal.noteStyle('cyan', '→')} ${advice}`)
}

function stackBelow(error: Error): string {
  const lines = error.stack!.split('\n').filter(line => /^\s+at /.test(line))
  return lines.join('\n')
}

/** `didYouMean` as `did you mean`. */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}
