import type { PackerSettings } from '../settings-type.ts'

/** The settings that packing looks at: no secret is among them, so that they can go to another thread. */
export type ArchiveSettings = Pick<
  PackerSettings,
  | 'basePath'
  | 'retentionDays'
  | 'compressionLevel'
  | 'maxFileBytes'
  | 'directoryFormat'
  | 'checksumAlgorithm'
  | 'rowGroupRows'
  | 'pageBytes'
  | 'parquetCodec'
  | 'dictionaryEncoding'
  | 'statistics'
  | 'bloomFilterEnabled'
  | 'bloomFilterFpp'
  | 'bloomFilterColumns'
  | 'encryptionEnabled'
  | 'parquetEncryption'
  | 'timezone'
  | 'maxProcessingMs'
>

/** Those of all settings, and nothing else of them. */
export function archiveSettingsOf(settings: ArchiveSettings): ArchiveSettings {
  const { basePath, retentionDays, compressionLevel, maxFileBytes, directoryFormat, checksumAlgorithm } = settings
  const { rowGroupRows, pageBytes, parquetCodec, dictionaryEncoding, statistics } = settings
  const { bloomFilterEnabled, bloomFilterFpp, bloomFilterColumns } = settings
  const { encryptionEnabled, parquetEncryption, timezone, maxProcessingMs } = settings
  return {
    ...{ basePath, retentionDays, compressionLevel, maxFileBytes, directoryFormat, checksumAlgorithm },
    ...{ rowGroupRows, pageBytes, parquetCodec, dictionaryEncoding, statistics },
    ...{ bloomFilterEnabled, bloomFilterFpp, bloomFilterColumns },
    ...{ encryptionEnabled, parquetEncryption, timezone, maxProcessingMs },
  }
}
