/**
 * The end of an encrypted file, where reading begins.
 *
 *     "PARE"
 *     modules
 *     FileCryptoMetaData, in plain: algorithm, the file's identity, key metadata
 *     footer, a module
 *     4 bytes   length of these two, little-endian
 *     "PARE"
 *
 * What stands here in plain is not authenticated by itself: a changed identity opens no footer.
 */
import { packerErrors } from '../errors.ts'
import type { ParquetDecryption, ParquetSource } from './decrypt-contract.ts'
import { moduleTypes } from './module-cipher.ts'
import { ModuleReader } from './module-reader.ts'
import { SourceWindow } from './source-window.ts'
import { readStruct, type ThriftStruct } from './thrift-reader.ts'

const magic = 'PARE'
const plainMagic = 'PAR1'
const magicBytes = 4
const trailerBytes = 8
const keyBytes = [16, 24, 32]
/** A struct that is read has some thirty times the size of its bytes. */
export const footerBytesMax = 64 * 1024 * 1024

/** Whether a file that begins so is one that `decryptParquet` opens. */
export function isEncryptedParquet(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, magicBytes)).toString('latin1') === magic
}

/** What the file says of its key; empty where it says nothing. Throws `packer.parquet-damaged`, `packer.parquet-unsupported`. */
export function parquetKeyMetadata(source: ParquetSource): Buffer {
  return keyMetadataOf(readEnd(new SourceWindow(source)).crypto)
}

export type OpenParquet = {
  readonly modules: ModuleReader
  readonly footer: ThriftStruct
  /** Behind the last byte that the modules of row groups may have. */
  readonly modulesEnd: number
}

/** Throws `packer.parquet-damaged`, `packer.parquet-unsupported`, `packer.parquet-option`. */
export function openParquet(source: ParquetSource, { keyOf, aadPrefix }: ParquetDecryption): OpenParquet {
  const window = new SourceWindow(source)
  const { crypto, modulesEnd, footerAt, footerEnd } = readEnd(window)
  const identity = identityOf(crypto, aadPrefix)
  const key = keyOf(keyMetadataOf(crypto))
  if (key.type !== 'secret' || !keyBytes.includes(key.symmetricKeySize ?? 0)) {
    refuseOption('key', key.type, `a secret key of ${keyBytes.join(', ')} bytes`)
  }
  const modules = new ModuleReader(window, key, identity)
  const footer = modules.read(footerAt, footerEnd, moduleTypes.footer, [])
  if (footer.end !== footerEnd) damaged('footer', 'it does not fill its place')
  return { modules, footer: readStruct(footer.bytes, 'footer').struct, modulesEnd }
}

type End = {
  readonly crypto: ThriftStruct
  /** Where it begins. */
  readonly modulesEnd: number
  readonly footerAt: number
  readonly footerEnd: number
}

function readEnd(window: SourceWindow): End {
  const part = 'end of the file'
  if (window.size < magicBytes + trailerBytes) damaged(part, 'the file is too short to be one')
  const first = window.view(0, magicBytes, 'beginning of the file').toString('latin1')
  if (first === plainMagic) unsupported('no encrypted footer: the file is plain, or its footer is')
  const footerEnd = window.size - trailerBytes
  const trailer = window.view(footerEnd, trailerBytes, part)
  const length = trailer.readUInt32LE()
  const last = trailer.toString('latin1', trailerBytes - magicBytes)
  if (first !== magic || last !== magic) damaged(part, `the file does not begin and end with ${magic}`)
  const modulesEnd = footerEnd - length
  if (modulesEnd < magicBytes) damaged(part, 'the footer is longer than the file')
  if (length > footerBytesMax) unsupported(`a footer of ${length} bytes`)
  const { struct: crypto, end: cryptoBytes } = readStruct(window.view(modulesEnd, length, part), part)
  return { crypto, modulesEnd, footerAt: modulesEnd + cryptoBytes, footerEnd }
}

function keyMetadataOf(crypto: ThriftStruct): Buffer {
  return crypto.has(2) ? Buffer.from(crypto.binary(2)) : Buffer.alloc(0)
}

/** Prefix and unique bytes. */
function identityOf(crypto: ThriftStruct, prefix: Uint8Array | undefined): Buffer {
  const algorithm = crypto.struct(1)
  if (!algorithm.has(1)) unsupported(algorithm.has(2) ? 'AES_GCM_CTR_V1' : 'an unknown algorithm')
  const gcm = algorithm.struct(1)
  const stored = gcm.has(1) ? gcm.binary(1) : undefined
  if (stored && prefix && !stored.equals(prefix)) {
    refuseOption('aadPrefix', 'another one', 'the prefix that the file has')
  }
  if (gcm.has(3) && gcm.boolean(3) && !prefix) {
    refuseOption('aadPrefix', 'none', 'the prefix that the file was written with, which it does not hold')
  }
  return Buffer.concat([prefix ?? stored ?? Buffer.alloc(0), gcm.has(2) ? gcm.binary(2) : Buffer.alloc(0)])
}

function damaged(part: string, reason: string): never {
  throw packerErrors.create('packer.parquet-damaged', { part, reason })
}

function unsupported(found: string): never {
  throw packerErrors.create('packer.parquet-unsupported', { found })
}

function refuseOption(option: string, value: string, accepted: string): never {
  throw packerErrors.create('packer.parquet-option', { option, value, accepted })
}
