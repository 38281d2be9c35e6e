import { configErrors, type Resolved } from '@chronicle/config'
import type { packerSettings } from './settings.ts'

/** The greatest level of the codecs that take one. */
const levelMax: Readonly<Record<string, number>> = { GZIP: 9, ZSTD: 22 }

/** Throws 'config.invalid-value' where values do not fit each other that are each accepted alone. */
export function checkTogether({ values, origins }: Resolved<typeof packerSettings>): void {
  const { compressionLevel: level, parquetCodec: codec } = values
  const max = levelMax[codec]
  if (max === undefined || level <= max) return
  throw configErrors.create('config.invalid-value', {
    setting: 'storage.compression_level',
    from: origins.compressionLevel.where,
    value: level,
    accepted: `a whole number, 1 to ${max}, as storage.parquet.compression is ${codec}`,
  })
}
