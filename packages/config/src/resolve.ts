import type { ChronicleError } from '@chronicle/base'
import { configErrors } from './errors.ts'
import { type ConfigFile, canonicalKey } from './file.ts'
import { hidden } from './secret.ts'
import { formatValue, type Setting, type Settings, type ValuesOf } from './setting.ts'
import { suggest } from './suggest.ts'

/** Everything that settings may come from. */
export type Sources = {
  /** Values of flags as typed: `{ '--kafka-port': '9093' }`. */
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly file?: ConfigFile | undefined
  /** Directory that relative paths in flags and variables start from. */
  readonly directory: string
  /** Variables of ours that are no settings and so are not warned about; `CHRONICLE_PACKER_` stands for all that begin so. */
  readonly otherVariables?: readonly string[]
}

/** Where a value came from: `where` is a flag, a variable, or file and line; empty for a default. */
export type Origin = { readonly kind: 'flag' | 'environment' | 'file' | 'default'; readonly where: string }

export type Resolved<S extends Settings> = {
  readonly values: ValuesOf<S>
  readonly origins: { readonly [K in keyof S]: Origin }
  /** What is probably a mistake but does no harm. */
  readonly warnings: readonly string[]
}

/**
 * The value of every setting: a flag wins over the environment, that over the file, that over the default (C2).
 * Throws the refusal of a value or key that is not accepted; an `AggregateError` of all where there are several.
 */
export function resolveSettings<S extends Settings>(settings: S, sources: Sources): Resolved<S> {
  const refusals: ChronicleError[] = unknownKeys(settings, sources.file)
  const values: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const [name, each] of Object.entries(settings)) {
    const found = find(each, sources)
    origins[name] = found.origin
    if (found.origin.kind === 'default') {
      values[name] = defaultValue(each, sources.directory)
      continue
    }
    const isRead = found.text !== undefined && !found.isOtherType
    const value = isRead ? each.type.parse(found.text!, found.directory) : undefined
    if (value === undefined) refusals.push(refusal(each, found))
    else values[name] = value
  }
  if (refusals.length === 1) throw refusals[0]
  if (refusals.length > 1) throw new AggregateError(refusals, refusals.map(each => each.message).join('\n'))
  return {
    values: values as ValuesOf<S>,
    origins: origins as Resolved<S>['origins'],
    warnings: unknownVariables(settings, sources),
  }
}

/** Through text and back, so that a default that is a relative path ends up where it would if it had been given. */
function defaultValue(each: Setting, directory: string): unknown {
  const text = formatValue(each, each.default)
  return text === undefined || each.type.secret ? each.default : each.type.parse(text, directory)
}

type Found = {
  readonly text: string | undefined
  /** A number or a truth where the setting is text. */
  readonly isOtherType?: boolean
  readonly origin: Origin
  readonly directory: string
}

function find(each: Setting, { flags, environment, file, directory }: Sources): Found {
  const flag = each.flag === undefined ? undefined : flags[each.flag]
  if (flag !== undefined) return { text: flag, origin: { kind: 'flag', where: each.flag! }, directory }
  // An empty variable is one that is not set: that is how compose files and shells leave one out.
  const variable = each.environment.find(name => (environment[name] ?? '') !== '')
  if (variable !== undefined) {
    return { text: environment[variable], origin: { kind: 'environment', where: variable }, directory }
  }
  const entry = file?.entries.get(canonicalKey(each.key))
  if (file && entry) {
    const text = entry.isList && !each.type.isList ? undefined : entry.text
    const isOtherType = each.type.isText === true && !entry.isText
    return { text, isOtherType, origin: { kind: 'file', where: entry.where }, directory: file.directory }
  }
  return { text: undefined, origin: { kind: 'default', where: '' }, directory }
}

/** The longest piece of a refused value that an error repeats. */
const shownCharsMax = 100

/** Says everything that is needed to correct the value (C3). */
function refusal(each: Setting, found: Found): ChronicleError {
  const quoted = (text: string) => (found.isOtherType ? text : JSON.stringify(text.slice(0, shownCharsMax)))
  const shown = found.text === undefined ? 'a list or a date' : quoted(found.text)
  const isNear = found.text !== undefined && each.type.values && suggest(found.text, each.type.values)
  return configErrors.create('config.invalid-value', {
    setting: each.key,
    from: found.origin.where,
    // C4: a refused secret is as secret as an accepted one.
    value: each.type.secret ? hidden : shown,
    accepted: each.type.accepts,
    didYouMean: isNear || undefined,
  })
}

function unknownKeys(settings: Settings, file: ConfigFile | undefined): ChronicleError[] {
  const known = Object.values(settings).map(each => each.key)
  return [...(file?.entries ?? [])]
    .filter(([canonical]) => !known.some(each => canonicalKey(each) === canonical))
    .map(([, { key, where }]) =>
      configErrors.create('config.unknown-key', { key, at: where, didYouMean: suggest(key, known) }),
    )
}

const prefix = /^CHRONI(K|CLE)_/

function unknownVariables(settings: Settings, { environment, otherVariables = [] }: Sources): string[] {
  const families = otherVariables.filter(name => name.endsWith('_'))
  const others = otherVariables.filter(name => !families.includes(name))
  const known = [...Object.values(settings).flatMap(each => each.environment), ...others]
  return Object.keys(environment)
    .filter(name => prefix.test(name) && !known.includes(name) && !families.some(family => name.startsWith(family)))
    .sort()
    .map(name => {
      const meant = suggestVariable(name, known)
      return `${name} is not a setting and has no effect${meant ? `; did you mean ${meant}?` : ''}`
    })
}

/** Compares what follows the prefix, and prefers a name with the same one. */
function suggestVariable(name: string, known: readonly string[]): string | undefined {
  const samePrefix = (candidate: string): number => Number(prefix.exec(candidate)?.[0] === prefix.exec(name)![0])
  const ordered = [...known].sort((a, b) => samePrefix(a) - samePrefix(b))
  const byRest = new Map(ordered.map(candidate => [candidate.replace(prefix, ''), candidate]))
  return byRest.get(suggest(name.replace(prefix, ''), byRest.keys()) ?? '')
}
