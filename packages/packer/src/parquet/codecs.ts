/** Compression of one page. Every codec is the raw form that Parquet names: no frames around Snappy's and LZ4's blocks. */
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import lz4 from 'lz4-napi'
import snappy from 'snappy'
import type { ParquetCodec } from './contract.ts'

export type Compress = (bytes: Uint8Array) => Uint8Array

/** Numbers of `CompressionCodec`. LZ4 is LZ4_RAW: the older LZ4 is Hadoop's framing, which readers take in two ways. */
export const codecIds: Readonly<Record<ParquetCodec, number>> = { NONE: 0, SNAPPY: 1, GZIP: 2, ZSTD: 6, LZ4: 7 }

/** Levels from the least to the greatest, and the one where none is given; a codec that is not here takes none. */
export const codecLevels: Readonly<Partial<Record<ParquetCodec, { min: number; max: number; default: number }>>> = {
  GZIP: { min: 0, max: 9, default: 6 },
  ZSTD: { min: 1, max: 22, default: 3 },
}

/** The binding puts the length in front of a block. */
const lz4LengthBytes = 4

export function compressorFor(codec: ParquetCodec, level = codecLevels[codec]?.default): Compress {
  switch (codec) {
    case 'NONE':
      return bytes => bytes
    case 'SNAPPY':
      // A copy of the output is cheaper than memory that the garbage collector has to give back to the binding.
      return bytes => snappy.compressSync(bytes, { copyOutputData: true })
    case 'GZIP':
      return bytes => gzipSync(bytes, { level })
    case 'LZ4':
      return bytes => lz4.compressSync(asBuffer(bytes)).subarray(lz4LengthBytes)
    case 'ZSTD':
      return bytes => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level! } })
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
