/** Parameters of a query, checked by hand: every refusal names the parameter, what it was, and what is accepted. */
import { microsFromText } from '@chronicle/observe'
import { serverErrors } from '../errors.ts'

export type Query = Readonly<Record<string, unknown>>

/** The longest piece of a refused value that an answer repeats. */
const shownCharsMax = 60

/** Longer texts are no whole number. */
const digitsMax = 16

/** A value as a refusal repeats it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  // What is inside is not looked at: it may be a million levels deep.
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, shownCharsMax + 1) : value)
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
}

export function shortened(name: string): string {
  return name.slice(0, shownCharsMax)
}

export function isWholeNumber(text: string): boolean {
  return text.length <= digitsMax && /^\d+$/.test(text)
}

export function refusedParameter(parameter: string, value: unknown, accepted: string): Error {
  return serverErrors.create('server.bad-request', { parameter: shortened(parameter), value: shown(value), accepted })
}

/** Refuses parameters that are not in `known`: one that is misspelt would go unnoticed. */
export function onlyParameters(query: Query, known: readonly string[]): void {
  const unknown = Object.keys(query).find(name => !known.includes(name))
  if (unknown === undefined) return
  const accepted = known.length === 0 ? 'no parameter' : `no parameter but ${known.join(', ')}`
  throw refusedParameter(unknown, query[unknown], accepted)
}

/** A whole number; `otherwise` where it is left out. */
export function queryNumber<T>(
  query: Query,
  name: string,
  bounds: { readonly min: number; readonly max: number },
  otherwise: T,
): number | T {
  const text = query[name]
  if (text === undefined) return otherwise
  const number = typeof text === 'string' && isWholeNumber(text) ? Number(text) : Number.NaN
  if (number >= bounds.min && number <= bounds.max) return number
  throw refusedParameter(name, text, `a whole number, ${bounds.min} to ${bounds.max}`)
}

/** A text that is given at most once. */
export function queryText(query: Query, name: string): string | undefined {
  const text = query[name]
  if (text === undefined || typeof text === 'string') return text
  throw refusedParameter(name, text, 'one value')
}

/** One of `choices`. */
export function queryChoice<Choice extends string>(
  query: Query,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = query[name]
  if (text === undefined) return undefined
  const choice = choices.find(each => each === text)
  if (choice === undefined) throw refusedParameter(name, text, `one of ${choices.join(', ')}`)
  return choice
}

/** A time of RFC 3339 in microseconds since the epoch. */
export function queryTime(query: Query, name: string): number | undefined {
  const text = queryText(query, name)
  if (text === undefined) return undefined
  // In a query the plus sign of an offset is a space, unless it is written as %2B.
  const micros = microsFromText(text.replace(/ (\d\d:\d\d)$/, '+$1'))
  if (micros === undefined || micros < 0) {
    throw refusedParameter(name, text, 'a time of RFC 3339 from 1970 on, such as 2026-11-20T12:00:00Z')
  }
  return micros
}
