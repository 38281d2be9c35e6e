import { isUtf8 } from 'node:buffer'
import { serverErrors } from '../../errors.ts'
import type { UrlOptions } from '../api-client.ts'
import { type Column, count, printable, printableJson, printTable, size } from '../format.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { type LetterView, type LetterWithRaw, ObserveClient } from './client.ts'
import { printFacts } from './facts.ts'
import { shownTime } from './shown-time.ts'

export type LettersOptions = UrlOptions & {
  readonly reason?: string
  readonly limit: number
  readonly json?: boolean
}
export type LetterOptions = UrlOptions & { readonly raw?: boolean; readonly json?: boolean }
export type ReplayOptions = UrlOptions & { readonly json?: boolean }

/** Shows the newest dead letters, without what came. */
export async function listLetters(terminal: Terminal, options: LettersOptions): Promise<void> {
  const letters = await new ObserveClient(options).letters(options.reason, options.limit)
  if (options.json) {
    terminal.out(printableJson(letters, 2))
    return
  }
  if (letters.length === 0) {
    const isAll = options.reason === undefined
    terminal.note(isAll ? 'No dead letters: everything that came could be taken.' : 'No such dead letters.')
    return
  }
  const columns: Column[] = [
    { title: 'offset', right: true },
    { title: 'at (UTC)', style: text => terminal.style('dim', text), optional: true },
    { title: 'reason' },
    { title: 'source', cut: 'first', cutMin: 16, optional: true },
    { title: 'size', right: true, optional: true },
    { title: 'detail', cut: 'first', cutMin: 40 },
  ]
  printTable(terminal, columns, letters.map(cellsOf))
  if (letters.length === options.limit) {
    terminal.note(terminal.noteStyle('dim', `The newest ${count(options.limit)}; --limit takes more.`))
  }
}

function cellsOf({ offset, at, reason, source, raw_bytes, detail }: LetterView): string[] {
  const time = at.slice(0, 19).replace('T', ' ')
  return [`${offset}`, time, reason, source, size(raw_bytes), detail].map(printable)
}

/** Shows one letter with what came: the only place where content is shown. */
export async function showLetter(terminal: Terminal, offset: number, options: LetterOptions): Promise<void> {
  const letter = await new ObserveClient(options).letter(offset)
  if (options.json) {
    terminal.out(printableJson(letter, 2))
    return
  }
  const raw = rawOf(letter)
  if (options.raw) {
    if (raw === undefined) terminal.note('What came was too large to be kept.')
    else await terminal.write(raw)
    return
  }
  terminal.out(`${terminal.style('bold', `Dead letter ${offset}`)}  ${printable(letter.reason)}`)
  printFacts(terminal, [
    ['why', printable(letter.detail)],
    ['source', printable(letter.source)],
    ['at', shownTime(letter.at)],
    ['size', size(letter.raw_bytes)],
    ['marked', letter.is_dead_letter ? 'a dead letter of the swarm itself' : undefined],
  ])
  terminal.out()
  terminal.out(raw === undefined ? terminal.style('dim', 'What came was too large to be kept.') : shown(raw))
}

function rawOf({ raw, raw_base64: base64 }: LetterWithRaw): Buffer | undefined {
  if (raw !== null) return Buffer.from(raw)
  return base64 === null ? undefined : Buffer.from(base64, 'base64')
}

/** JSON is set out in lines; whatever it is, nothing in it moves the cursor. */
function shown(raw: Buffer): string {
  if (!isUtf8(raw)) return `${size(raw.length)} that are no text: --raw gives them byte for byte.`
  const text = raw.toString()
  const lines = setOut(text)?.split('\n') ?? [text]
  return lines.map(printable).join('\n')
}

/** Undefined for what is no JSON. */
function setOut(text: string): string | undefined {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return undefined
  }
}

type Replayed = { readonly offset: number; readonly event_id?: string; readonly refused?: string }

/** Takes letters in again, one after the other. Returns the exit code: 0 when all of them were taken. */
export async function replayLetters(
  terminal: Terminal,
  offsets: readonly number[],
  options: ReplayOptions,
): Promise<number> {
  const client = new ObserveClient(options)
  const results: Replayed[] = []
  for (const offset of offsets) {
    const result = await replayed(client, offset)
    results.push(result)
    if (!options.json) terminal.out(inWords(terminal, result))
  }
  if (options.json) terminal.out(printableJson(results, 2))
  return results.every(({ event_id }) => event_id !== undefined) ? exitCodes.ok : exitCodes.failure
}

/** A letter that is refused leaves the others alone; a server that is not there ends it all. */
async function replayed(client: ObserveClient, offset: number): Promise<Replayed> {
  try {
    return { offset, event_id: await client.replayLetter(offset) }
  } catch (error) {
    if (!serverErrors.is(error) || error.code !== 'server.request-refused') throw error
    return { offset, refused: `${error.details.reason ?? `status ${error.details.status}`}` }
  }
}

function inWords(terminal: Terminal, { offset, event_id, refused }: Replayed): string {
  if (refused === undefined) return `${terminal.style('green', '✓')} ${offset}  taken in as event ${event_id}`
  return `${terminal.style('red', '✗')} ${offset}  ${printable(refused)}`
}
