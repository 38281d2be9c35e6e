import type { Random } from '@chronicle/base'

/** Numbers that lengths, counts and varints break on. */
const hostileWords = [0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x00ffffff, 0x7fff, 0x8000, 0xffff, 0x10000]

/** One way to damage a valid message. It may write to its argument. */
type Damage = (random: Random, bytes: Buffer) => Buffer

const damages: readonly Damage[] = [
  // As it is: has to be read, and to be the same when written again.
  (_random, bytes) => bytes,
  (random, bytes) => bytes.subarray(0, random.int(bytes.length + 1)),
  flipBits,
  (random, bytes) => Buffer.concat([bytes, random.bytes(1 + random.int(40))]),
  (random, bytes) => overwrite(bytes, random.int(bytes.length + 1), hostileWord(random)),
  (random, bytes) => overwrite(bytes, random.int(bytes.length + 1), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])),
  (random, bytes) => overwrite(bytes, random.int(bytes.length + 1), Buffer.alloc(random.int(8), 0x80)),
  (random, bytes) => insert(bytes, random.int(bytes.length + 1), random.bytes(1 + random.int(8))),
  (random, bytes) => cut(bytes, random.int(bytes.length + 1), 1 + random.int(8)),
  // Elements that take the least room: what a count is multiplied by.
  (random, bytes) =>
    Buffer.concat([
      bytes.subarray(0, random.int(bytes.length + 1)),
      Buffer.alloc(random.int(500) === 0 ? 100_000 : 1000, random.int(2)),
    ]),
]

/** A valid message, whole or damaged in one of many ways. */
export function damaged(random: Random, valid: Buffer): { readonly bytes: Buffer; readonly intact: boolean } {
  const which = random.int(damages.length)
  return { bytes: damages[which]!(random, valid), intact: which === 0 }
}

/** Bytes that were never a message: noise, or noise of the values that lengths like to have. */
export function noise(random: Random): Buffer {
  const length = random.int(random.int(50) === 0 ? 5000 : 120)
  const bytes = Buffer.from(random.bytes(length))
  if (random.int(2) === 0) for (let i = 0; i < length; i++) bytes[i] = bytes[i]! & 0x83
  return bytes
}

function flipBits(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes
  for (let flips = 1 + random.int(4); flips > 0; flips--) {
    const at = random.int(bytes.length)
    bytes[at] = bytes[at]! ^ (1 << random.int(8))
  }
  return bytes
}

function hostileWord(random: Random): Buffer {
  const word = Buffer.alloc(4)
  word.writeUInt32BE(hostileWords[random.int(hostileWords.length)]!)
  return random.int(2) === 0 ? word : word.subarray(2)
}

function overwrite(bytes: Buffer, at: number, by: Buffer): Buffer {
  by.copy(bytes, at)
  return bytes
}

function insert(bytes: Buffer, at: number, what: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), what, bytes.subarray(at)])
}

function cut(bytes: Buffer, at: number, length: number): Buffer {
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
}
