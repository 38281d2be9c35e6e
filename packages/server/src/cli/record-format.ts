import { serverErrors } from '../errors.ts'
import { printable } from './format.ts'
import type { Terminal } from './terminal.ts'

/** A record as it was read. */
export type ReadRecord = {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the Unix epoch. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly (readonly [string, Buffer | null])[]
}

export type RecordFormatter = (record: ReadRecord) => string | Uint8Array

/** The formatter that `format` names; the one for people on a terminal, bare values elsewhere, when there is none. */
export function recordFormatter(terminal: Terminal, format: string | undefined): RecordFormatter {
  const chosen = format ?? (terminal.isInteractive ? 'text' : 'value')
  if (chosen === 'text') return textLine(terminal)
  if (chosen === 'json') return jsonLine
  if (chosen === 'value') return withLineFeed(record => record.value ?? empty)
  if (!/[%\\]/.test(chosen)) {
    throw serverErrors.create('server.invalid-argument', {
      option: '--format',
      value: chosen,
      accepted: "text, value, json or a pattern such as '%k\\t%v'",
    })
  }
  return withLineFeed(patternOf(chosen))
}

const empty = Buffer.alloc(0)
const lineFeed = Buffer.from('\n')

function withLineFeed(bytesOf: (record: ReadRecord) => Buffer): RecordFormatter {
  return record => Buffer.concat([bytesOf(record), lineFeed])
}

function textLine(terminal: Terminal): RecordFormatter {
  const show = (bytes: Buffer | null): string =>
    bytes === null ? terminal.style('dim', 'null') : printable(bytes.toString())
  return ({ timestamp, partition, offset, key, value, headers }) => {
    const time = terminal.style('dim', new Date(timestamp).toISOString())
    const place = terminal.style('dim', `${partition}/${offset}`)
    const shownHeaders = headers.map(([name, header]) => `${printable(name)}=${show(header)}`).join(' ')
    const parts = [time, place, key === null ? '' : terminal.style('cyan', show(key)), show(value)]
    if (shownHeaders !== '') parts.push(terminal.style('dim', `[${shownHeaders}]`))
    return `${parts.filter(part => part !== '').join('  ')}\n`
  }
}

function jsonLine(record: ReadRecord): string {
  const text = (bytes: Buffer | null): string | null => bytes?.toString() ?? null
  const { topic, partition, offset, timestamp, key, value, headers } = record
  const shownHeaders = headers.map(([name, header]) => [name, text(header)])
  return `${JSON.stringify({ topic, partition, offset, timestamp, key: text(key), value: text(value), headers: shownHeaders })}\n`
}

const fields: Readonly<Record<string, (record: ReadRecord) => Buffer>> = {
  k: record => record.key ?? empty,
  v: record => record.value ?? empty,
  s: record => record.value ?? empty,
  t: record => Buffer.from(record.topic),
  p: record => Buffer.from(String(record.partition)),
  o: record => Buffer.from(String(record.offset)),
  T: record => Buffer.from(String(record.timestamp)),
  h: record => Buffer.from(record.headers.map(([name, value]) => `${name}=${value ?? ''}`).join(',')),
  '%': () => Buffer.from('%'),
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '0': '\0', '\\': '\\' }

/** A pattern in kcat's manner: `%k\t%v`. */
function patternOf(pattern: string): (record: ReadRecord) => Buffer {
  const parts = [...pattern.matchAll(/%(.?)|\\(.?)|[^%\\]+/gsu)].map(([text, field, escaped]) => {
    if (field !== undefined) return fields[field] ?? unknownPart(pattern, text)
    const literal = Buffer.from(escaped === undefined ? text : (escapes[escaped] ?? unknownPart(pattern, text)))
    return () => literal
  })
  return record => Buffer.concat(parts.map(part => part(record)))
}

function unknownPart(pattern: string, part: string): never {
  const accepted = '%k %v %t %p %o %T %h %% \\t \\n \\r \\0 \\\\'
  throw serverErrors.create('server.invalid-argument', { option: '--format', value: pattern, unknown: part, accepted })
}
