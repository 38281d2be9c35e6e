import type { Random } from '@chronicle/base'

/**
 * Something that is fed. `input` makes the bytes of one try from the generator, `run` takes them: it returns, or throws what
 * `isRefusal` knows; anything else that it throws is a find.
 */
export type FuzzTarget = {
  readonly name: string
  input(random: Random): FuzzInput
  run(input: FuzzInput): void | Promise<void>
  isRefusal(error: unknown): boolean
}

/** `intact`: these bytes are a valid message, so that a refusal is a find as well. */
export type FuzzInput = { readonly bytes: Buffer; readonly intact: boolean }
