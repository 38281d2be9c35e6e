export type {
  ColumnSpec,
  ColumnValues,
  ParquetCodec,
  ParquetEncryption,
  ParquetOptions,
  ParquetType,
  ParquetWriter,
} from './contract.ts'
export { decryptParquet } from './decrypt.ts'
export type { ParquetDecryption, ParquetSource } from './decrypt-contract.ts'
export { isEncryptedParquet, parquetKeyMetadata } from './encrypted-file.ts'
export { createParquetWriter } from './writer.ts'
