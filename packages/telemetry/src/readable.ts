import { styleText } from 'node:util'
import type { LogLevel, LogLine } from './line.ts'

const levelStyle = { debug: 'gray', info: 'green', warn: 'yellow', error: 'red' } as const satisfies Record<
  LogLevel,
  string
>

/** A log line as a person reads it: `12:30:01.250 warn  disk nearly full  freeBytes=4096`. The stack of an error follows below, or its remedy where it has one. */
export function readableLine({ level, time, message = '', fields }: LogLine, colours: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text
  const facts = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${paint('dim', `${name}=`)}${printable(hasStack(value) ? value.message : value)}`)
  const stacks = Object.values(fields)
    .filter(hasStack)
    .map(({ stack, remedy }) =>
      typeof remedy === 'string' ? `    → ${printableMessage(remedy)}` : stack.replace(/^/gm, '    '),
    )
  const clock = paint('dim', new Date(time).toISOString().slice(11, 23))
  const words = [printableMessage(message), ...facts].filter(part => part !== '').join('  ')
  return `${[`${clock} ${paint(levelStyle[level], level.padEnd(5))} ${words}`, ...stacks].join('\n')}\n`
}

function hasStack(value: unknown): value is { message: string; stack: string; remedy?: unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { stack?: unknown }).stack === 'string'
}

/** TM2: what came from outside can neither forge a line nor move the cursor. */
function printable(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value)
}

function printableMessage(message: string): string {
  return /\p{Cc}/u.test(message) ? JSON.stringify(message) : message
}
