import { assert } from '@chronicle/base'
import type { SettingType } from './types.ts'

/** One setting, as everything about it is derived from: parsing, help, `config --show`, the table in the docs. */
export type Setting<T = unknown> = {
  /** Where it stands in the TOML file: `kafka.port` is `port` in the table `[kafka]`. */
  readonly key: string
  /** Environment variables that set it, the one that wins first. */
  readonly environment: readonly string[]
  /** Command-line flag, `--kafka-port`; absent where there is none. */
  readonly flag: string | undefined
  readonly type: SettingType<T & {}>
  readonly default: T
  /** What holds when nothing is set, in words, where the default is not a plain value. */
  readonly defaultText: string | undefined
  /** Heading under which help and docs list it. */
  readonly section: string
  /** One or two sentences: what it does and what to know. */
  readonly help: string
}

type Declaration<T> = {
  readonly key: string
  /** `CHRONIK_X` also stands for `CHRONICLE_X`, which wins where both are set. More names: the one that wins first. */
  readonly env: string | readonly string[]
  readonly flag?: string
  readonly type: SettingType<T>
  readonly section: string
  readonly help: string
}

/** Declares a setting with a default, or one that may be absent (`defaultText` says what holds then). */
export function setting<T>(declaration: Declaration<T> & { default: NoInfer<T> }): Setting<T>
export function setting<T>(declaration: Declaration<T> & { defaultText: string }): Setting<T | undefined>
export function setting<T>(
  declaration: Declaration<T> & { default?: T; defaultText?: string },
): Setting<T | undefined> {
  const { key, env, flag, type, section, help, defaultText } = declaration
  return {
    key,
    environment: [env].flat().flatMap(bothNames),
    flag,
    type: type as SettingType<T & {}>,
    default: declaration.default,
    defaultText,
    section,
    help,
  }
}

function bothNames(name: string): string[] {
  return name.startsWith('CHRONIK_') ? [name.replace('CHRONIK_', 'CHRONICLE_'), name] : [name]
}

export type Settings = { readonly [name: string]: Setting }

/** The values of a set of settings: what `resolveSettings` returns. */
export type ValuesOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** Checks a set of settings as a whole: keys, variables and flags are each used once, and defaults are accepted (C5). */
export function declareSettings<const S extends Settings>(settings: S): S {
  const seen = new Set<string>()
  for (const each of Object.values(settings)) {
    for (const name of [each.key, ...each.environment, ...(each.flag ? [each.flag] : [])]) {
      assert(!seen.has(name), `setting name used twice: ${name}`)
      seen.add(name)
    }
    if (each.default === undefined || each.default === null || each.type.secret) continue
    const text = each.type.format(each.default)
    assert(each.type.parse(text, '/') !== undefined, `default of ${each.key} is not accepted: ${text}`)
  }
  return settings
}

/** `value` as text; undefined where there is none. */
export function formatValue(each: Setting, value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : each.type.format(value)
}
