import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { messageOf } from '@chronicle/base'
import { parse, TomlError } from 'smol-toml'
import { configErrors } from './errors.ts'

/** A configuration file, flattened: dotted keys in their canonical form, with their value and where each stands. */
export type ConfigFile = {
  /** Directory that relative paths in it start from. */
  readonly directory: string
  readonly entries: ReadonlyMap<string, FileEntry>
}

/**
 * `text` is the value as a setting's type reads it; undefined for values that no setting takes (dates, tables in lists). A list of words, which only
 * a type with `isList` takes, comes with commas between them.
 */
export type FileEntry = {
  /** As it stands in the file. */
  readonly key: string
  readonly text: string | undefined
  readonly isList?: boolean
  /** It stands in quotes, or is a list of such. */
  readonly isText?: boolean
  readonly where: string
}

/** A longer file is a mistake. */
const fileBytesMax = 1 << 20

/** Reads the TOML file at `path`, given as a person gave it. */
export function readConfigFile(path: string): ConfigFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw configErrors.create('config.unreadable-file', { file: path, reason: messageOf(error) }, error)
  }
  if (text.length > fileBytesMax) {
    throw configErrors.create('config.unreadable-file', { file: path, reason: `longer than ${fileBytesMax} bytes` })
  }
  return parseConfigFile(path, text)
}

/** Parses the `text` of the configuration file at `path`. */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const entries = new Map<string, FileEntry>()
  const lines = linesOfKeys(text)
  flatten(parseToml(path, text), [], (keyPath, value) => {
    const line = lineOf(lines, keyPath)
    const where = line === undefined ? path : `${path}:${line}`
    const key = keyPath.join('.')
    if (entries.has(canonicalKey(key)))
      throw configErrors.create('config.invalid-file', { at: where, reason: `${key} is there twice` })
    const isText = typeof value === 'string' || Array.isArray(value)
    entries.set(canonicalKey(key), { key, text: textOf(value), isList: Array.isArray(value), isText, where })
  })
  return { directory: dirname(resolve(path)), entries }
}

/** One form for keys that differ in hyphens and underscores alone: both are accepted for any setting. */
export function canonicalKey(key: string): string {
  return key.replaceAll('_', '-')
}

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const reason = error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '')
    throw configErrors.create('config.invalid-file', { at: `${path}:${error.line}:${error.column}`, reason }, error)
  }
}

function flatten(
  table: Record<string, unknown>,
  prefix: readonly string[],
  visit: (keyPath: string[], value: unknown) => void,
): void {
  for (const [name, value] of Object.entries(table)) {
    const keyPath = [...prefix, name]
    const isTable = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
    if (isTable || (value as object)?.constructor === Object) flatten(value as Record<string, unknown>, keyPath, visit)
    else visit(keyPath, value)
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value.join(', ')
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/**
 * The line of each key, found by reading headers and `key =` lines. The parser does not tell; a key that this does not see
 * (in an inline table) is reported at the line of the table that it is in.
 */
function linesOfKeys(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  let table: string[] = []
  text.split('\n').forEach((line, at) => {
    const header = /^\s*\[([^[\]]+)\]/.exec(line)
    if (header) table = splitKey(header[1]!)
    const key = header ? [] : splitKey(/^\s*([\w."' -]+?)\s*=/.exec(line)?.[1] ?? '')
    if (header || key.length > 0) lines.set([...table, ...key].join('.'), at + 1)
  })
  return lines
}

function splitKey(key: string): string[] {
  return key
    .split('.')
    .map(part => part.trim().replace(/^(["'])(.*)\1$/, '$2'))
    .filter(part => part !== '')
}

function lineOf(lines: ReadonlyMap<string, number>, keyPath: readonly string[]): number | undefined {
  for (let length = keyPath.length; length > 0; length--) {
    const line = lines.get(keyPath.slice(0, length).join('.'))
    if (line !== undefined) return line
  }
  return undefined
}
