/** XXH64 and the bloom filter's question once more, written as in their specifications and with nothing else in mind. */

const p1: bigint = 0x9e3779b185ebca87n
const p2: bigint = 0xc2b2ae3d27d4eb4fn
const p3: bigint = 0x165667b19e3779f9n
const p4: bigint = 0x85ebca77c2b2ae63n
const p5: bigint = 0x27d4eb2f165667c5n
const salt = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31]

export function xxHash64Slowly(input: Uint8Array): bigint {
  const bytes = Buffer.from(input)
  const u64 = (value: bigint) => BigInt.asUintN(64, value)
  const rotate = (value: bigint, by: bigint) => u64((value << by) | (value >> (64n - by)))
  const round = (accumulator: bigint, lane: bigint) => u64(rotate(u64(accumulator + lane * p2), 31n) * p1)
  let hash = p5
  let at = 0
  if (bytes.length >= 32) {
    const lanes = [u64(p1 + p2), p2, 0n, u64(-p1)]
    for (; at + 32 <= bytes.length; at += 32) {
      for (const lane of lanes.keys()) lanes[lane] = round(lanes[lane]!, bytes.readBigUInt64LE(at + lane * 8))
    }
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint]
    hash = u64(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n))
    for (const lane of lanes) hash = u64((hash ^ round(0n, lane)) * p1 + p4)
  }
  hash = u64(hash + BigInt(bytes.length))
  for (; at + 8 <= bytes.length; at += 8) {
    hash = u64(rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * p1 + p4)
  }
  if (at + 4 <= bytes.length) {
    hash = u64(rotate(hash ^ u64(BigInt(bytes.readUInt32LE(at)) * p1), 23n) * p2 + p3)
    at += 4
  }
  for (; at < bytes.length; at++) hash = u64(rotate(hash ^ u64(BigInt(bytes[at]!) * p5), 11n) * p1)
  hash = u64((hash ^ (hash >> 33n)) * p2)
  hash = u64((hash ^ (hash >> 29n)) * p3)
  return hash ^ (hash >> 32n)
}

export function mayContain(bitset: Uint8Array, value: Uint8Array): boolean {
  const hash = xxHash64Slowly(value)
  const block = Number(((hash >> 32n) * BigInt(bitset.length / 32)) >> 32n)
  const words = new DataView(bitset.buffer, bitset.byteOffset + block * 32, 32)
  return salt.every((factor, word) => {
    const bit = Number(BigInt.asUintN(32, (hash & 0xffff_ffffn) * BigInt(factor)) >> 27n)
    return ((words.getUint32(word * 4, true) >>> bit) & 1) === 1
  })
}
