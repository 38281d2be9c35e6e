import { crc32c as nativeCrc32c } from '@node-rs/crc32'

/** Below this many bytes a table in JavaScript beats the call into native code. */
const nativeBytesMin = 96

/** The Castagnoli polynomial, bits reversed (RFC 3720, appendix B.4). */
const polynomial = 0x82f63b78

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  return crc >>> 0
})

/** CRC-32C of `bytes` (B1), continued from `initial` (the CRC of what came before). */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  if (bytes.length >= nativeBytesMin) return nativeCrc32c(bytes as Buffer, initial)
  return crc32cRange(bytes, 0, bytes.length, initial)
}

/** CRC-32C of `bytes[start, end)` for short ranges, without making a view. */
export function crc32cRange(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let crc = ~initial
  for (let at = start; at < end; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** x^(8·2^k) modulo the polynomial: what k doublings of a byte shift a CRC by. */
const shifts = powersOfByteShift()

/**
 * The CRC-32C of A followed by B from crc(A), crc(B) and B's length, without reading either again.
 * Multiplies in GF(2) modulo the polynomial, as zlib's crc32_combine does.
 */
export function crc32cCombine(crcA: number, crcB: number, lengthB: number): number {
  let shifted = crcA >>> 0
  let length = lengthB
  for (let k = 0; length > 0; k++) {
    if (length % 2 === 1) shifted = multiply(shifts[k]!, shifted)
    length = Math.floor(length / 2)
  }
  return (shifted ^ crcB) >>> 0
}

function multiply(a: number, b: number): number {
  let product = 0
  let factor = b
  for (let mask = 0x80000000; mask !== 0; mask >>>= 1) {
    if (a & mask) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1
  }
  return product >>> 0
}

function powersOfByteShift(): Uint32Array {
  const powers = new Uint32Array(53)
  // x^8 with bits reversed: bit 31 stands for x^0.
  powers[0] = 0x80000000 >>> 8
  for (let k = 1; k < powers.length; k++) powers[k] = multiply(powers[k - 1]!, powers[k - 1]!)
  return powers
}
