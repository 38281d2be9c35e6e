import { ChronicleError } from '@chronicle/base'

/** One thing that was looked at. */
export type Check = {
  /** 'unchecked': what it takes was not at hand. */
  readonly outcome: 'valid' | 'refused' | 'unchecked'
  /** What holds when it is valid, in a few words. */
  readonly what: string
  /** Facts, or what was found instead. */
  readonly detail?: string
  /** What to do about a refusal, or to have it checked. */
  readonly remedy?: string
}

/** What `chronicle verify` says about one thing that it was given. */
export type Finding = {
  readonly target: string
  readonly kind: 'proof' | 'checkpoint' | 'session' | 'sealed file'
  readonly checks: readonly Check[]
  /** Drawn below the checks. */
  readonly picture?: readonly string[]
  /** Sentences. Empty unless everything is valid. */
  readonly proves: readonly string[]
  readonly doesNotProve: readonly string[]
}

/** Everything was checked, and nothing was refused (S13). */
export function isValid({ checks }: Finding): boolean {
  return checks.every(({ outcome }) => outcome === 'valid')
}

export function valid(what: string, detail?: string): Check {
  return { outcome: 'valid', what, ...(detail === undefined ? {} : { detail }) }
}

export function refused(what: string, detail: string, remedy: string): Check {
  return { outcome: 'refused', what, detail, remedy }
}

export function unchecked(what: string, detail: string, remedy: string): Check {
  return { outcome: 'unchecked', what, detail, remedy }
}

/**
 * Runs one check: its refusal is a finding, every other error goes on. `check` returns the detail of a check that is valid.
 */
export async function checked<T>(
  what: string,
  check: () => T | Promise<T>,
  detail: (result: T) => string | undefined = () => undefined,
): Promise<{ check: Check; result: T | undefined }> {
  try {
    const result = await check()
    return { check: valid(what, detail(result)), result }
  } catch (error) {
    return { check: refusal(what, error), result: undefined }
  }
}

/** A mistake in the arguments is none of the finding's. */
const usageCodes = ['vault.invalid-argument']

export function refusal(what: string, error: unknown): Check {
  if (!(error instanceof ChronicleError) || usageCodes.includes(error.code)) throw error
  const facts = Object.entries(error.details).filter(([, value]) => value !== undefined)
  const detail = [error.summary, ...facts.map(([name, value]) => `${name} ${value}`)].join(', ')
  return refused(what, detail, error.remedy)
}
