import { inspect } from 'node:util'

/** What a secret looks like wherever somebody might see it. */
export const hidden = '***'

/** A value that must not be seen (C4): every way of turning it into text gives `***`, only `reveal` gives the value. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself, for the one place that needs it. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}
