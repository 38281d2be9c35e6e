/** The data of an event as JSON text. The text is the copy that is kept: what the publisher does to its object afterwards changes nothing. */
import { dataCharactersMax, dataDepthMax } from './limits.ts'

/** What is wrong with it, in words that follow `data:`. */
export type NotJson = { readonly accepted: string; readonly value: unknown }

/** An object as JSON text, or why it has none that says the same. Throws what a getter of it throws. */
export function jsonTextOf(value: object): string | NotJson {
  const problem = problemOf(value, 1, { charactersLeft: dataCharactersMax })
  if (problem !== undefined) return problem
  const text: string | undefined = JSON.stringify(value)
  // A `toJSON` that is hidden from the walk may have answered with something else.
  if (!text?.startsWith('{')) return notJson(value)
  return text.length <= dataCharactersMax ? text : tooLarge(value)
}

/** Counted while walking, so that nothing far too large is written out just to be measured. */
type Budget = { charactersLeft: number }

function problemOf(value: unknown, depth: number, budget: Budget): NotJson | undefined {
  budget.charactersLeft -= 2
  if (typeof value === 'string') budget.charactersLeft -= value.length
  if (budget.charactersLeft < 0) return tooLarge(value)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : notJson(value)
  if (typeof value !== 'object') return notJson(value)
  if (depth > dataDepthMax) return { accepted: `at most ${dataDepthMax} lists and objects inside each other`, value }
  return Array.isArray(value) ? problemOfList(value, depth, budget) : problemOfObject(value, depth, budget)
}

function problemOfList(values: readonly unknown[], depth: number, budget: Budget): NotJson | undefined {
  // By place, as JSON.stringify goes: how a list says to be walked is its publisher's.
  for (let at = 0; at < values.length; at++) {
    const problem = problemOf(values[at], depth + 1, budget)
    if (problem !== undefined) return problem
  }
  return undefined
}

/** Members that are undefined are left out, as JSON.stringify does. */
function problemOfObject(object: object, depth: number, budget: Budget): NotJson | undefined {
  const prototype: unknown = Object.getPrototypeOf(object)
  // A Date, a Map, bytes: their JSON is something else than they are.
  if (prototype !== Object.prototype && prototype !== null) return notJson(object)
  for (const name in object) {
    if (!Object.hasOwn(object, name)) continue
    const value = (object as Record<string, unknown>)[name]
    if (value === undefined) continue
    budget.charactersLeft -= name.length + 2
    const problem = problemOf(value, depth + 1, budget)
    if (problem !== undefined) return problem
  }
  return undefined
}

function notJson(value: unknown): NotJson {
  return { accepted: 'only what JSON can hold', value }
}

function tooLarge(value: unknown): NotJson {
  return { accepted: `at most ${dataCharactersMax} characters of JSON`, value }
}
