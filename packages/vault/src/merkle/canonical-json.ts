/**
 * JSON in its one canonical form (RFC 8785, JCS): no white space, members sorted by the UTF-16 units of their names, numbers and strings as ECMAScript
 * writes them. What has no such form is refused rather than bent into one (VM7).
 */
import { vaultErrors } from '../errors.ts'

export const canonicalJsonDepthMax = 64
/** UTF-8 bytes of the result. */
export const canonicalJsonBytesMax = 1_048_576

/**
 * Throws 'vault.not-canonical', which names the place as a JSON pointer (RFC 6901), for anything but null, booleans, finite numbers, strings
 * without lone surrogates, arrays without holes and plain objects of these, and beyond the limits on depth and size.
 */
export function canonicalJson(value: unknown): string {
  const writer = new Writer()
  writer.value(value)
  return writer.text
}

class Writer {
  text = ''
  #bytes = 0
  readonly #path: (string | number)[] = []

  value(value: unknown): void {
    if (value === null || typeof value === 'boolean') this.#put(String(value))
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'string') this.#string(value)
    else if (Array.isArray(value)) this.#array(value)
    else if (isPlainObject(value)) this.#object(value)
    else throw this.#refusal(typeof value === 'object' ? 'an object with a class of its own' : typeof value)
  }

  #number(value: number): void {
    if (!Number.isFinite(value)) throw this.#refusal(String(value))
    // ECMAScript's shortest form is the canonical one; it writes -0 as 0.
    this.#put(String(value))
  }

  #string(value: string): void {
    if (!value.isWellFormed()) throw this.#refusal('a string with half of a surrogate pair')
    // Before escaping, so that a huge string is not copied just to be refused.
    if (value.length > canonicalJsonBytesMax) throw this.#tooLarge()
    this.#put(JSON.stringify(value))
  }

  #array(values: readonly unknown[]): void {
    this.#put('[')
    for (let index = 0; index < values.length; index++) {
      if (index > 0) this.#put(',')
      this.#within(index, values[index])
    }
    this.#put(']')
  }

  #object(members: Readonly<Record<string, unknown>>): void {
    if (Object.getOwnPropertySymbols(members).length > 0) throw this.#refusal('a member whose name is a symbol')
    this.#put('{')
    let first = true
    // The default order compares UTF-16 units, as the RFC wants it.
    for (const name of Object.keys(members).sort()) {
      if (!first) this.#put(',')
      first = false
      this.#string(name)
      this.#put(':')
      this.#within(name, members[name])
    }
    this.#put('}')
  }

  #within(step: string | number, value: unknown): void {
    this.#path.push(step)
    // A cycle ends here as well.
    if (this.#path.length > canonicalJsonDepthMax) throw this.#refusal(`more than ${canonicalJsonDepthMax} levels`)
    this.value(value)
    this.#path.pop()
  }

  /** Counted as it grows: a small value that repeats one object many times over may be of any size when written. */
  #put(text: string): void {
    this.#bytes += Buffer.byteLength(text)
    if (this.#bytes > canonicalJsonBytesMax) throw this.#tooLarge()
    this.text += text
  }

  #tooLarge(): Error {
    return this.#refusal(`more than ${canonicalJsonBytesMax} bytes`)
  }

  #refusal(found: string): Error {
    const pointer = this.#path.map(step => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
    return vaultErrors.create('vault.not-canonical', {
      at: pointer.toWellFormed().slice(0, pointerCharactersMax),
      found,
    })
  }
}

/** Names are the sender's, and may be long. */
const pointerCharactersMax = 200

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
