import { isIP } from 'node:net'
import { isAbsolute, resolve } from 'node:path'
import { hidden, Secret } from './secret.ts'

/** How a setting is written and read. `format` gives text that `parse` reads back as the same value (C1). */
export type SettingType<T> = {
  /** Stands for the value in help: `--kafka-port <port>`. */
  readonly placeholder: string
  /** What is accepted, in words: the end of "accepted: …". */
  readonly accepts: string
  /** The only values, where there are few. */
  readonly values?: readonly string[]
  /** The value is never shown. */
  readonly secret?: boolean
  /** Text, and no number or truth: a file has to give it in quotes. */
  readonly isText?: boolean
  /** Words with commas between them: a file may give them as a list. */
  readonly isList?: boolean
  /** The value of `text`, or undefined when it is not accepted. Relative paths start from `directory`. */
  parse(text: string, directory: string): T | undefined
  format(value: T): string
}

type Bounds = { readonly min?: number; readonly max?: number }

/** A whole number. */
export function integer(bounds: Bounds & { placeholder?: string } = {}): SettingType<number> {
  return {
    placeholder: bounds.placeholder ?? 'number',
    accepts: `a whole number${describeBounds(bounds, String)}`,
    parse: text => (/^-?\d+$/.test(text) ? within(Number(text), bounds) : undefined),
    format: String,
  }
}

/** A number that need not be whole. */
export function decimal(bounds: { min: number; max: number }): SettingType<number> {
  return {
    placeholder: 'number',
    accepts: `a number from ${bounds.min} to ${bounds.max}`,
    parse(text) {
      const value = /^-?\d+(\.\d+)?(e-?\d+)?$/i.test(text) ? Number(text) : Number.NaN
      return value >= bounds.min && value <= bounds.max ? value : undefined
    },
    format: String,
  }
}

/** A TCP port. 0 lets the system choose a free one. */
export const port: SettingType<number> = {
  ...integer({ min: 0, max: 65535, placeholder: 'port' }),
  accepts: 'a port number, 1 to 65535; 0 lets the system choose',
}

const byteUnits: readonly Unit[] = [
  { suffix: 'TB', size: 2 ** 40 },
  { suffix: 'GB', size: 2 ** 30 },
  { suffix: 'MB', size: 2 ** 20 },
  { suffix: 'KB', size: 2 ** 10 },
  { suffix: 'B', size: 1 },
]

/** A number of bytes: `100KB`, `250MB`, `1GB` or a plain number. 1KB is 1,024 bytes, and KiB says the same. */
export function bytes(bounds: Bounds = {}): SettingType<number> {
  const format = (value: number): string => formatUnits(value, byteUnits).replace(/(\d)B$/, '$1')
  return {
    placeholder: 'bytes',
    accepts: `a size such as 100KB, 250MB, 1GB or plain bytes${describeBounds(bounds, format)}`,
    parse: text => parseUnits(text.replace(/([kmgt])iB$/i, '$1B'), byteUnits, 'B', bounds),
    format,
  }
}

const timeUnits: readonly Unit[] = [
  { suffix: 'd', size: 86_400_000 },
  { suffix: 'h', size: 3_600_000 },
  { suffix: 'm', size: 60_000 },
  { suffix: 's', size: 1000 },
  { suffix: 'ms', size: 1 },
]

/**
 * A time span, in milliseconds: `100ms`, `30s`, `5m`, `12h`, `7d`. A plain number is accepted only where the name of the setting
 * says its unit (`plain`).
 */
export function duration(bounds: Bounds & { plain?: 'ms' | 's' } = {}): SettingType<number> {
  const format = (value: number): string => formatUnits(value, timeUnits)
  const plainWords = { ms: ' or plain milliseconds', s: ' or plain seconds' } as const
  const alsoPlain = bounds.plain === undefined ? '' : plainWords[bounds.plain]
  return {
    placeholder: 'duration',
    accepts: `a time such as 100ms, 30s, 5m, 12h, 7d${alsoPlain}${describeBounds(bounds, format)}`,
    parse: text => parseUnits(text, timeUnits, bounds.plain, bounds),
    format,
  }
}

const truths = new Map([
  ...['true', 'yes', 'on', '1'].map(word => [word, true] as const),
  ...['false', 'no', 'off', '0'].map(word => [word, false] as const),
])

export const boolean: SettingType<boolean> = {
  placeholder: 'true|false',
  accepts: 'true or false (also yes/no, on/off, 1/0)',
  values: ['true', 'false'],
  parse: text => truths.get(text.toLowerCase()),
  format: String,
}

export const string: SettingType<string> = {
  placeholder: 'text',
  accepts: 'any text',
  isText: true,
  parse: text => text,
  format: value => value,
}

/** One of a few words, upper and lower case alike. */
export function oneOf<const V extends string>(...values: readonly V[]): SettingType<V> {
  return {
    placeholder: values.join('|'),
    accepts: `one of ${values.join(', ')}`,
    values,
    parse: text => values.find(value => value.toLowerCase() === text.toLowerCase()),
    format: value => value,
  }
}

/** A host name (RFC 1123) or an IP address, without a port. */
export const address: SettingType<string> = {
  placeholder: 'address',
  accepts: 'a host name or an IP address, without a port',
  isText: true,
  parse(text) {
    const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
    if (isIP(bare) !== 0) return bare
    const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i
    const looksLikeAnAddress = /^[\d.]+$/.test(text)
    const isName = text.length <= 253 && text.split('.').every(part => label.test(part))
    return isName && !looksLikeAnAddress ? text : undefined
  },
  format: value => value,
}

/** Where servers are: `host:port`, several with commas between them; an IPv6 address stands in brackets. */
export const hostPorts: SettingType<string> = {
  placeholder: 'host:port',
  accepts: 'host:port, or several with commas between them',
  isText: true,
  parse: text => (text.split(',').every(isHostPort) ? text : undefined),
  format: value => value,
}

function isHostPort(text: string): boolean {
  const [, host, number] = /^(\[.+\]|[^:]+):(\d{1,5})$/.exec(text) ?? []
  return host !== undefined && address.parse(host, '/') !== undefined && Number(number) > 0 && Number(number) < 65536
}

/** A file or directory. Relative to the working directory, or to the configuration file where it stands in one. */
export const path: SettingType<string> = {
  placeholder: 'path',
  accepts: 'a path',
  isText: true,
  parse: (text, directory) =>
    text === '' || text.includes('\0') ? undefined : isAbsolute(text) ? text : resolve(directory, text),
  format: value => value,
}

/** A password or key: see {@link Secret}. */
export const secret: SettingType<Secret> = {
  placeholder: 'secret',
  accepts: 'a secret text',
  isText: true,
  secret: true,
  parse: text => new Secret(text),
  format: () => hidden,
}

type Unit = { readonly suffix: string; readonly size: number }

function parseUnits(
  text: string,
  units: readonly Unit[],
  plain: string | undefined,
  bounds: Bounds,
): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text)
  if (match === null) return undefined
  const suffix = (match[2] || plain)?.toLowerCase()
  const unit = units.find(candidate => candidate.suffix.toLowerCase() === suffix)
  return unit && within(Number(match[1]) * unit.size, bounds)
}

function formatUnits(value: number, units: readonly Unit[]): string {
  const smallest = units.at(-1)!
  const unit = value === 0 ? smallest : (units.find(({ size }) => value % size === 0) ?? smallest)
  return `${value / unit.size}${unit.suffix}`
}

/** `value` when it is whole and inside of the bounds (C3). */
function within(value: number, { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds): number | undefined {
  return Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined
}

function describeBounds({ min, max }: Bounds, format: (value: number) => string): string {
  if (min !== undefined && max !== undefined) return `, ${format(min)} to ${format(max)}`
  if (min !== undefined) return `, ${format(min)} or more`
  return max === undefined ? '' : `, ${format(max)} or less`
}
