/**
 * SipHash-2-4 with 128 bits of output, under a secret key: nobody without it can make two ids that have the same fingerprint.
 *
 * Source: Aumasson and Bernstein, SipHash: a fast short-input PRF (2012), and its reference code for 128 bits. Words of 64 bits are pairs of 32.
 */

export const sipKeyBytes = 16

export class SipHash {
  readonly #key: Int32Array

  /** `key` is of {@link sipKeyBytes}. */
  constructor(key: Uint8Array) {
    this.#key = new Int32Array(Uint8Array.from(key).buffer, 0, sipKeyBytes / 4)
  }

  /** The fingerprint of `bytes` from `from` to `end`, into the first four words of `into`. One function, so that the state stays in registers. */
  hash(bytes: Uint8Array, from: number, end: number, into: Uint32Array): void {
    const key = this.#key
    let al = key[0]! ^ 0x70736575
    let ah = key[1]! ^ 0x736f6d65
    let bl = key[2]! ^ 0x6e646f6d ^ 0xee
    let bh = key[3]! ^ 0x646f7261
    let cl = key[0]! ^ 0x6e657261
    let ch = key[1]! ^ 0x6c796765
    let dl = key[2]! ^ 0x79746573
    let dh = key[3]! ^ 0x74656462
    const words = (end - from) >> 3
    // Behind the whole words: the rest with the length, then the two halves of the output.
    for (let step = 0; step <= words + 2; step++) {
      const at = from + step * 8
      let inLow = 0
      let inHigh = 0
      if (step < words) {
        inLow = word(bytes, at)
        inHigh = word(bytes, at + 4)
      } else if (step === words) {
        inLow = rest(bytes, at, end)
        inHigh = rest(bytes, at + 4, end) | ((end - from) << 24)
      } else if (step === words + 1) cl ^= 0xee
      else bl ^= 0xdd
      dl ^= inLow
      dh ^= inHigh
      for (let round = step <= words ? 2 : 4; round > 0; round--) {
        let sum = (al + bl) | 0
        ah = (ah + bh + carry(al, bl, sum)) | 0
        al = sum
        let low = (bl << 13) | (bh >>> 19)
        bh = ((bh << 13) | (bl >>> 19)) ^ ah
        bl = low ^ al
        low = al
        al = ah
        ah = low
        sum = (cl + dl) | 0
        ch = (ch + dh + carry(cl, dl, sum)) | 0
        cl = sum
        low = (dl << 16) | (dh >>> 16)
        dh = ((dh << 16) | (dl >>> 16)) ^ ch
        dl = low ^ cl
        sum = (al + dl) | 0
        ah = (ah + dh + carry(al, dl, sum)) | 0
        al = sum
        low = (dl << 21) | (dh >>> 11)
        dh = ((dh << 21) | (dl >>> 11)) ^ ah
        dl = low ^ al
        sum = (cl + bl) | 0
        ch = (ch + bh + carry(cl, bl, sum)) | 0
        cl = sum
        low = (bl << 17) | (bh >>> 15)
        bh = ((bh << 17) | (bl >>> 15)) ^ ch
        bl = low ^ cl
        low = cl
        cl = ch
        ch = low
      }
      al ^= inLow
      ah ^= inHigh
      if (step > words) {
        const half = (step - words - 1) * 2
        into[half] = al ^ bl ^ cl ^ dl
        into[half + 1] = ah ^ bh ^ ch ^ dh
      }
    }
  }
}

/** Of the addition of two words of 32 bits. */
function carry(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** The word at `at`, with zeros from `end` on. */
function rest(bytes: Uint8Array, at: number, end: number): number {
  let found = 0
  for (let index = 0; index < 4 && at + index < end; index++) found |= bytes[at + index]! << (index * 8)
  return found
}
