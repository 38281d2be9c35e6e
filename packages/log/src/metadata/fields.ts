import { logErrors } from '../errors.ts'

const shownCharactersMax = 100

/** Reads typed fields out of parsed JSON. Whatever is not as it has to be is a 'log.metadata-damaged' that names field and value. */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged(path, value, 'an object')
    this.#object = value as Record<string, unknown>
    this.#path = path
  }

  string(name: string): string {
    const value = this.#object[name]
    if (typeof value !== 'string') throw damaged(this.pathOf(name), value, 'a text')
    return value
  }

  /** A whole number of at least `min`. */
  whole(name: string, min: number): number {
    const value = this.#object[name]
    if (!Number.isSafeInteger(value) || (value as number) < min) {
      throw damaged(this.pathOf(name), value, `a whole number from ${min}`)
    }
    return value as number
  }

  /** A number as clients send them: whole, but possibly beyond 2^53 and then the nearest double. */
  number(name: string): number {
    const value = this.#object[name]
    if (typeof value !== 'number' || !Number.isFinite(value)) throw damaged(this.pathOf(name), value, 'a number')
    return value
  }

  /** Any JSON value. */
  value(name: string): unknown {
    if (!Object.hasOwn(this.#object, name)) throw damaged(this.pathOf(name), undefined, 'a value')
    return this.#object[name]
  }

  texts(name: string): Record<string, string> {
    const fields = new Fields(this.#object[name], this.pathOf(name))
    const texts: Record<string, string> = {}
    for (const key of Object.keys(fields.#object)) texts[key] = fields.string(key)
    return texts
  }

  list<T>(name: string, read: (fields: Fields) => T): T[] {
    return this.#array(name).map((value, n) => read(new Fields(value, `${this.pathOf(name)}[${n}]`)))
  }

  wholes(name: string, min: number): number[] {
    return this.#array(name).map((value, n) => {
      if (Number.isSafeInteger(value) && (value as number) >= min) return value as number
      throw damaged(`${this.pathOf(name)}[${n}]`, value, `a whole number from ${min}`)
    })
  }

  pathOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  #array(name: string): unknown[] {
    const value = this.#object[name]
    if (!Array.isArray(value)) throw damaged(this.pathOf(name), value, 'a list')
    return value
  }
}

export function damaged(field: string, value: unknown, accepted: string): Error {
  const shown = value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value)).slice(0, shownCharactersMax)
  return logErrors.create('log.metadata-damaged', { field, value: shown, accepted })
}
