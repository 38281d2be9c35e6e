export type {
  ColumnSpec,
  ColumnValues,
  ParquetCodec,
  ParquetEncryption,
  ParquetOptions,
  ParquetType,
  ParquetWriter,
} from './contract.ts'
export { createParquetWriter } from './writer.ts'
