/** What the fields of the known types may hold. A check answers with what it accepts where the value is none of it. */

import { textCharactersMax } from './limits.ts'
import { type EventRefusal, refusal } from './refusal.ts'
import { uuidOf } from './uuid.ts'

/** The field of a refusal is what stands below the value: nothing, or `.x`. No name is put together while nothing is refused. */
export type Check = (value: unknown) => EventRefusal | undefined
export type Field = { readonly name: string; readonly check: Check; readonly isOptional: boolean }

export const required = (name: string, check: Check): Field => ({ name, check, isOptional: false })
/** May be missing, or null. */
export const optional = (name: string, check: Check): Field => ({ name, check, isOptional: true })

export const finite = accepting('a finite number', Number.isFinite)
export const notNegative = accepting('a number from 0 on', value => Number.isFinite(value) && (value as number) >= 0)
export const fraction = accepting(
  'a number from 0 to 1',
  value => typeof value === 'number' && value >= 0 && value <= 1,
)
export const count = accepting(
  'a whole number from 0 on',
  value => Number.isSafeInteger(value) && (value as number) >= 0,
)
export const truth = accepting('true or false', value => typeof value === 'boolean')
export const text = accepting(`a text of at most ${textCharactersMax} characters`, isShortText)
export const uuid = accepting('a UUID', value => uuidOf(value) !== undefined)
export const bytes = accepting('bytes', value => value instanceof Uint8Array && value.length > 0)
export const colours = accepting(
  'a list of at most 16 texts',
  value => Array.isArray(value) && value.length <= 16 && value.every(isShortText),
)
/** A number of the keyboard or of the system, or a name as browsers give it (`KeyA`). */
export const keyCode = accepting(
  'a whole number from 0 on or the name of a key',
  value => (Number.isSafeInteger(value) && (value as number) >= 0) || (isShortText(value) && value !== ''),
)

export function oneOf(...values: readonly string[]): Check {
  return accepting(values.join(', '), value => values.includes(value as string))
}

export function object(...fields: readonly Field[]): Check {
  return value => (isObject(value) ? fieldsRefusal(value, '', fields) : refusal('', value, 'an object'))
}

/** The first of `fields` that `value` does not hold as it is accepted. */
export function fieldsRefusal(
  value: Record<string, unknown>,
  under: string,
  fields: readonly Field[],
): EventRefusal | undefined {
  for (const { name, check, isOptional } of fields) {
    const member = value[name]
    if (isOptional && (member === undefined || member === null)) continue
    const refused = check(member)
    if (refused !== undefined) return { ...refused, field: `${under}.${name}${refused.field}` }
  }
  return undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

function accepting(accepted: string, accepts: (value: unknown) => boolean): Check {
  return value => (accepts(value) ? undefined : refusal('', value, accepted))
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= textCharactersMax
}
