/** Codecs for kafkajs, which brings gzip alone. Snappy travels in the xerial framing of Kafka's Java clients. */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import kafkajs from 'kafkajs'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compressSync, uncompressSync } from 'snappy'

type Codec = { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(bytes: Buffer): Promise<Buffer> }

/*
 * xerial framing, integers big-endian
 * OFFSET SIZE  FIELD
 *      0    8  magic 0x82 "SNAPPY" 0x00
 *      8    4  version
 *     12    4  oldest compatible version
 *     16       blocks: 4 bytes of length, then that many of raw snappy
 */
const xerialMagic = Buffer.from('82534e4150505900', 'hex')
const xerialHeaderBytes = 16
const xerialBlockBytesMax = 32 * 1024

const snappyCodec: Codec = {
  async compress({ buffer }) {
    const pieces: Buffer[] = [xerialMagic, Buffer.from('0000000100000001', 'hex')]
    for (let at = 0; at < buffer.length; at += xerialBlockBytesMax) {
      const block = compressSync(buffer.subarray(at, at + xerialBlockBytesMax))
      const length = Buffer.alloc(4)
      length.writeUInt32BE(block.length)
      pieces.push(length, block)
    }
    return Buffer.concat(pieces)
  },
  async decompress(bytes) {
    if (!bytes.subarray(0, 8).equals(xerialMagic)) return Buffer.from(uncompressSync(bytes))
    const pieces: Buffer[] = []
    for (let at = xerialHeaderBytes; at < bytes.length; ) {
      const length = bytes.readUInt32BE(at)
      pieces.push(Buffer.from(uncompressSync(bytes.subarray(at + 4, at + 4 + length))))
      at += 4 + length
    }
    return Buffer.concat(pieces)
  },
}

const lz4Codec: Codec = {
  compress: async ({ buffer }) => compressFrameSync(buffer),
  decompress: async bytes => decompressFrameSync(bytes),
}

const zstdCodec: Codec = {
  compress: async ({ buffer }) => zstdCompressSync(buffer),
  decompress: async bytes => zstdDecompressSync(bytes),
}

export function plugCodecs(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.Snappy] = () => snappyCodec
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => lz4Codec
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => zstdCodec
}
