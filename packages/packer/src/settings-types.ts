import { bytes, type SettingType, string } from '@chronicle/config'
import { isCapacity, ringCapacityBytesMax, ringCapacityBytesMin } from './ring/layout.ts'

/** A time of the day, 24 hours: `03:00`. */
export type DayTime = { readonly hour: number; readonly minute: number }

export const dayTime: SettingType<DayTime> = {
  placeholder: 'HH:MM',
  accepts: 'a time of the day from 00:00 to 23:59',
  isText: true,
  parse(text) {
    const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text)
    return match ? { hour: Number(match[1]), minute: Number(match[2]) } : undefined
  },
  format: ({ hour, minute }) => `${twoDigits(hour)}:${twoDigits(minute)}`,
}

/** Any text but none. */
export const name: SettingType<string> = {
  ...string,
  accepts: 'text of at least one character',
  parse: text => (text.trim() === '' ? undefined : text),
}

const ringBytes = bytes({ min: ringCapacityBytesMin, max: ringCapacityBytesMax })

/** Capacity of a ring. */
export const ringCapacity: SettingType<number> = {
  ...ringBytes,
  accepts: `${ringBytes.accepts}, a multiple of 8`,
  parse(text, directory) {
    const value = ringBytes.parse(text, directory)
    return value !== undefined && isCapacity(value) ? value : undefined
  },
}

/** A zone of the IANA database that this runtime knows. */
export const timeZone: SettingType<string> = {
  placeholder: 'zone',
  accepts: 'a time zone of the IANA database, such as UTC or Europe/Berlin',
  isText: true,
  parse(text) {
    try {
      // Offsets such as +01:00 would be taken as well, and they know no summer time.
      return /^[A-Za-z]/.test(text)
        ? new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
        : undefined
    } catch {
      // A RangeError: there is no such zone.
      return undefined
    }
  },
  format: zone => zone,
}

/** Directories below `parquet/` and `heif/`: strftime's `%Y`, `%y`, `%m`, `%d`, `%j`, and plain names. */
export const directoryFormat: SettingType<string> = {
  placeholder: 'format',
  accepts: 'directories made of %Y, %y, %m, %d, %j, letters, digits, dots, hyphens and underscores, such as %Y/%m/%d',
  isText: true,
  parse(text) {
    const isName = (part: string) => /^(%[Yymdj]|[\w.-])+$/.test(part) && !/^\.+$/.test(part)
    return text.length <= 100 && text.split('/').every(isName) ? text : undefined
  },
  format: format => format,
}

/** The columns of events that hold text. */
const textColumns = ['event_type', 'app_bundle_id', 'window_title', 'data', 'session_id', 'event_id']

export const columnNames: SettingType<readonly string[]> = {
  placeholder: 'columns',
  accepts: `columns out of ${textColumns.join(', ')}, with commas between them`,
  isText: true,
  isList: true,
  parse(text) {
    const names = words(text)
    return names.every(name => textColumns.includes(name)) ? [...new Set(names)] : undefined
  },
  format: names => names.join(', '),
}

export const topicNames: SettingType<readonly string[]> = {
  placeholder: 'topics',
  accepts: 'names of topics with commas between them, each of up to 249 letters, digits, dots, hyphens and underscores',
  isText: true,
  isList: true,
  parse(text) {
    const names = words(text)
    return names.every(isTopicName) ? [...new Set(names)] : undefined
  },
  format: names => names.join(', '),
}

/** What Kafka lets a topic be called. */
function isTopicName(text: string): boolean {
  return /^[\w.-]{1,249}$/.test(text) && !/^\.{1,2}$/.test(text)
}

/** Addresses of brokers, with commas between them. */
export const brokerAddresses: SettingType<string> = {
  placeholder: 'host:port',
  accepts: 'HOST:PORT, or several with commas between them',
  isText: true,
  isList: true,
  parse(text) {
    const addresses = words(text)
    const isAddress = (address: string) => /^[^\s,:/]+:\d{1,5}$|^\[[\da-fA-F:.]+\]:\d{1,5}$/.test(address)
    return addresses.length > 0 && addresses.every(isAddress) ? addresses.join(',') : undefined
  },
  format: addresses => addresses,
}

function words(text: string): string[] {
  return text
    .split(',')
    .map(word => word.trim())
    .filter(word => word !== '')
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
