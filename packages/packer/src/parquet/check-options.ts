import { packerErrors } from '../errors.ts'
import { codecLevels } from './codecs.ts'
import type { ColumnSpec, ParquetEncryption, ParquetOptions, ParquetType } from './contract.ts'

export const rowGroupRowsMax = 16 * 1024 * 1024
export const pageBytesMin = 64
export const pageBytesMax = 64 * 1024 * 1024
const keyBytes = [16, 24, 32]
const fileUniqueBytes = 8
const typeOfMeaning = { timestamp_ns: 'int64', json: 'string' } as const satisfies Record<string, ParquetType>

/** Throws `packer.parquet-option`, which names the option and what is accepted (PP9). */
export function checkOptions(options: ParquetOptions): void {
  const { columns, rowGroupRows, pageBytes, sortedBy = [], encryption } = options
  const names = columns.map(spec => spec.name)
  if (columns.length === 0) refuse('columns', 'none', 'at least one column')
  if (new Set(names).size < names.length) refuse('columns', names.join(', '), 'a name for each that no other has')
  checkWhole('rowGroupRows', rowGroupRows, 1, rowGroupRowsMax)
  checkWhole('pageBytes', pageBytes, pageBytesMin, pageBytesMax)
  for (const spec of columns) checkColumn(spec)
  for (const name of sortedBy) {
    const spec = columns.find(column => column.name === name)
    if (spec === undefined || spec.nullable) refuse('sortedBy', name, 'names of columns that cannot have nulls')
  }
  if (encryption) checkEncryption(encryption)
}

function checkColumn({ name, type, meaning, codec, codecLevel, bloomFpp }: ColumnSpec): void {
  const levels = codecLevels[codec]
  if (codecLevel !== undefined && levels) checkWhole(`${name}.codecLevel`, codecLevel, levels.min, levels.max)
  if (bloomFpp !== undefined && !(bloomFpp > 0 && bloomFpp < 1)) {
    refuse(`${name}.bloomFpp`, bloomFpp, 'a number between 0 and 1')
  }
  if (meaning !== undefined && typeOfMeaning[meaning] !== type) {
    refuse(`${name}.meaning`, meaning, `only with the type ${typeOfMeaning[meaning]}`)
  }
}

function checkEncryption({ key, aadFileUnique }: ParquetEncryption): void {
  if (key.type !== 'secret' || !keyBytes.includes(key.symmetricKeySize ?? 0)) {
    refuse('encryption.key', key.type, `a secret key of ${keyBytes.join(', ')} bytes`)
  }
  if (aadFileUnique.length !== fileUniqueBytes) {
    refuse('encryption.aadFileUnique', `${aadFileUnique.length} bytes`, `${fileUniqueBytes} bytes`)
  }
}

function checkWhole(option: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    refuse(option, value, `a whole number from ${min} to ${max}`)
}

function refuse(option: string, value: string | number, accepted: string): never {
  throw packerErrors.create('packer.parquet-option', { option, value, accepted })
}
