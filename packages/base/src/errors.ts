/**
 * Typed errors. Every package declares one closed family of codes in its `errors.ts`; `docs/errors.md` is generated
 * from these declarations, and a code that is thrown but not declared does not compile.
 */

/** What a code means and what the reader of the message should do. */
export type ErrorSpec = { readonly summary: string; readonly remedy: string }

/** Facts that belong to one occurrence: a file, an offset, a name. Never a secret. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>

/** An error with a code that callers may switch on and a remedy that people may follow. */
export class ChronicleError<Code extends string = string> extends Error {
  readonly code: Code
  /** What happened, without the details; `message` has both. */
  readonly summary: string
  readonly remedy: string
  readonly details: ErrorDetails

  constructor(code: Code, spec: ErrorSpec, details: ErrorDetails, cause?: unknown) {
    super(`${spec.summary}${describe(details)}`, cause === undefined ? undefined : { cause })
    this.name = 'ChronicleError'
    this.code = code
    this.summary = spec.summary
    this.remedy = spec.remedy
    this.details = details
  }
}

/** A family of errors: call `create` to make one, `is` to recognise one. */
export type ErrorFamily<Code extends string> = {
  readonly package: string
  readonly specs: Readonly<Record<Code, ErrorSpec>>
  create(code: Code, details?: ErrorDetails, cause?: unknown): ChronicleError<Code>
  is(error: unknown): error is ChronicleError<Code>
}

/**
 * Declares a package's errors. Codes are written `package.what-happened`.
 *
 * @example
 * export const walErrors = errorFamily('wal', {
 *   'wal.sealed': { summary: 'The log was sealed', remedy: 'Open the successor of this log.' },
 * })
 * throw walErrors.create('wal.sealed', { position: 4711 })
 */
export function errorFamily<const Specs extends Record<string, ErrorSpec>>(
  packageName: string,
  specs: Specs,
): ErrorFamily<keyof Specs & string> {
  type Code = keyof Specs & string
  return {
    package: packageName,
    specs,
    create(code: Code, details: ErrorDetails = {}, cause?: unknown) {
      return new ChronicleError<Code>(code, specs[code] as ErrorSpec, details, cause)
    },
    is(error: unknown): error is ChronicleError<Code> {
      return error instanceof ChronicleError && Object.hasOwn(specs, error.code)
    },
  }
}

function describe(details: ErrorDetails): string {
  const facts = Object.entries(details).filter(([, value]) => value !== undefined)
  return facts.length === 0 ? '' : ` (${facts.map(([name, value]) => `${name}: ${value}`).join(', ')})`
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
