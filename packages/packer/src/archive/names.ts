/** Where files lie and what they are called, relative to the base, with slashes. */
import { packerErrors } from '../errors.ts'

const directives: Readonly<Record<string, (day: string) => string>> = {
  Y: day => day.slice(0, 4),
  y: day => day.slice(2, 4),
  m: day => day.slice(5, 7),
  d: day => day.slice(8, 10),
  j: day => `${dayOfYear(day)}`.padStart(3, '0'),
  '%': () => '%',
}
const secondsOfDay = 86_400
const framesOfSecondMax = 1_000_000

/** A day's directory in a `directory_format`. Throws `packer.setting` for a directive that is none, and for a path that leaves its root. */
export function directoryOf(format: string, day: string): string {
  const path = format.replace(/%(.?)/gsu, (_, directive: string) => {
    const write = directives[directive]
    if (!write) throw refused(format)
    return write(day)
  })
  const parts = path.split('/')
  if (parts.some(part => part === '' || part === '.' || part === '..' || /[\p{C}\\]/u.test(part))) throw refused(format)
  return path
}

function refused(format: string) {
  const accepted = 'a relative path of %Y, %y, %m, %d, %j, %% and text'
  return packerErrors.create('packer.setting', { key: 'storage.directory_format', value: format, accepted })
}

function dayOfYear(day: string): number {
  return (Date.parse(`${day}T00:00:00Z`) - Date.parse(`${day.slice(0, 4)}-01-01T00:00:00Z`)) / 86_400_000 + 1
}

export type Moment = { readonly day: string; readonly second: number }

/** `events_YYYYMMDD_HHMMSS.parquet` of the moment, or of the next second that is free on that day, which goes on at its midnight. */
export function secondName(prefix: string, suffix: string, at: Moment, isTaken: (name: string) => boolean): string {
  for (let step = 0; step < secondsOfDay; step++) {
    const name = `${prefix}_${stamp({ ...at, second: (at.second + step) % secondsOfDay })}${suffix}`
    if (!isTaken(name)) return name
  }
  throw packerErrors.create('packer.too-many-files', { day: at.day, accepted: `${secondsOfDay} files a day` })
}

/** `frame_YYYYMMDD_HHMMSS_NNNNNN.heif`, counted from 0 within its second. */
export function frameName(at: Moment, number: number): string {
  if (number >= framesOfSecondMax) {
    throw packerErrors.create('packer.too-many-files', {
      day: at.day,
      accepted: `${framesOfSecondMax} frames a second`,
    })
  }
  return `frame_${stamp(at)}_${`${number}`.padStart(6, '0')}.heif`
}

function stamp({ day, second }: Moment): string {
  const two = (value: number) => `${Math.floor(value)}`.padStart(2, '0')
  return `${day.replaceAll('-', '')}_${two(second / 3600)}${two((second / 60) % 60)}${two(second % 60)}`
}
