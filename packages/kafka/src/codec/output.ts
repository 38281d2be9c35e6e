/**
 * K5. Where generated writers write to: a list of pieces. Small things go into slabs of memory, records are put between them as
 * they are. A slab is shared by the messages written after one another and never written over: what was handed out stays as
 * it is, and the memory goes when the last piece of it has been sent.
 */

import { assert } from '@chronicle/base'
import { stringBytesMax } from './input.ts'

/** A message as it goes to the socket: the pieces in order, `bytes` in all. */
export type Encoded = { readonly pieces: Uint8Array[]; readonly bytes: number }

/** Memory is taken in slabs of this size: a piece that waits in a socket's queue keeps at most this much alive. */
const slabBytes = 32 * 1024
/** A new message is begun in a new slab when less than this is left in the current one. */
const slabRestBytesMin = 1024
/** Memory for one tagged field that is not of a fixed size. */
const scratchBytes = 512

/** What is set aside while a tagged field is written. */
type Outer = { readonly b: Buffer; readonly p: number; readonly from: number; readonly pieces: Uint8Array[] }

/**
 * The state of one message being written. Generated code works on copies of `b` and `p` and stores `p` back before it calls
 * a method. `b[from, p)` is what has been written since the last piece.
 */
export class Output {
  b: Buffer = Buffer.alloc(0)
  p = 0
  #from = 0
  #pieces: Uint8Array[] = []
  readonly #outer: Outer[] = []

  /** Begins a frame: its length (int32) is filled in by `finish`. */
  begin(): void {
    // A message that failed half way may have left tagged fields open.
    this.#outer.length = 0
    if (this.b.length - this.p < slabRestBytesMin) this.#newSlab(slabBytes)
    this.#from = this.p
    this.#pieces = []
    this.p += 4
  }

  /** Makes room for `bytes` in a row: what is written so far becomes a piece. */
  more(bytes: number): void {
    if (this.p > this.#from) this.#pieces.push(this.b.subarray(this.#from, this.p))
    this.#newSlab(Math.max(bytes, this.#outer.length > 0 ? scratchBytes : slabBytes))
  }

  /** Puts a piece behind what is written, as it is (K5). */
  attach(piece: Uint8Array): void {
    if (piece.length === 0) return
    if (this.p > this.#from) this.#pieces.push(this.b.subarray(this.#from, this.p))
    this.#pieces.push(piece)
    this.#from = this.p
  }

  finish(): Encoded {
    if (this.p > this.#from) this.#pieces.push(this.b.subarray(this.#from, this.p))
    const pieces = this.#pieces
    this.#pieces = []
    let bytes = 0
    for (let i = 0; i < pieces.length; i++) bytes += pieces[i]!.length
    assert(bytes - 4 <= 0x7fffffff, 'a frame is longer than its length field can say')
    const head = pieces[0]!
    const length = bytes - 4
    head[0] = length >>> 24
    head[1] = length >>> 16
    head[2] = length >>> 8
    head[3] = length
    return { pieces, bytes }
  }

  /** Begins a tagged field whose size is known only when it is written. */
  enter(): void {
    this.#outer.push({ b: this.b, p: this.p, from: this.#from, pieces: this.#pieces })
    this.#pieces = []
    this.#newSlab(scratchBytes)
  }

  /** Ends it: its size and its bytes go behind what was written before. */
  leave(): void {
    if (this.p > this.#from) this.#pieces.push(this.b.subarray(this.#from, this.p))
    const field = this.#pieces
    this.#restore()
    const bytes = field.reduce((sum, piece) => sum + piece.length, 0)
    if (this.b.length - this.p < bytes + 5) this.more(bytes + 5)
    this.p = putVarint(this.b, this.p, bytes)
    for (const piece of field) {
      this.b.set(piece, this.p)
      this.p += piece.length
    }
  }

  #restore(): void {
    const outer = this.#outer.pop()!
    this.b = outer.b
    this.p = outer.p
    this.#from = outer.from
    this.#pieces = outer.pieces
  }

  #newSlab(bytes: number): void {
    this.b = Buffer.allocUnsafeSlow(bytes)
    this.p = 0
    this.#from = 0
  }
}

export function putVarint(b: Buffer, at: number, value: number): number {
  let p = at
  let rest = value
  while (rest > 127) {
    b[p++] = (rest & 127) | 128
    rest = Math.floor(rest / 128)
  }
  b[p++] = rest
  return p
}

/** Up to this many characters are written one by one: less than a call into native code. */
const charactersInLineMax = 32

/** A string behind its length in an int16. −1 when it is too long. Room must have been made. */
export function putText(b: Buffer, p: number, text: string): number {
  const ascii = putAscii(b, p + 2, text)
  const bytes = ascii === -1 ? b.write(text, p + 2, 'utf8') : ascii
  if (bytes > stringBytesMax) return -1
  b[p] = bytes >> 8
  b[p + 1] = bytes
  return p + 2 + bytes
}

/** A string behind its length + 1 in a varint. */
export function putCompactText(b: Buffer, p: number, text: string): number {
  const ascii = putAscii(b, p + 1, text)
  if (ascii !== -1) {
    b[p] = ascii + 1
    return p + 1 + ascii
  }
  const bytes = Buffer.byteLength(text)
  if (bytes > stringBytesMax) return -1
  const start = putVarint(b, p, bytes + 1)
  return start + b.write(text, start, 'utf8')
}

/** Writes a short string of ASCII and returns its length; −1 when it is anything else. */
function putAscii(b: Buffer, p: number, text: string): number {
  const length = text.length
  if (length > charactersInLineMax) return -1
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return -1
    b[p + i] = code
  }
  return length
}

/** What a character of URL-safe base64 stands for; −1 for any other of the first 128. */
const sextets = Int8Array.from({ length: 128 }, (_, code) =>
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(String.fromCharCode(code)),
)

/** 22 characters of base64 as 16 bytes. False when `uuid` is not that. */
export function putUuid(b: Buffer, at: number, uuid: string): boolean {
  if (typeof uuid !== 'string' || uuid.length !== 22) return false
  let p = at
  let bits = 0
  let word = 0
  for (let i = 0; i < 22; i++) {
    const code = uuid.charCodeAt(i)
    const sextet = code < 128 ? sextets[code]! : -1
    if (sextet < 0) return false
    word = ((word << 6) | sextet) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      b[p++] = word >> bits
    }
  }
  return true
}

/** Upper half of a whole number as an int64. The largest int64 is read as 2^63, and is written for it. */
export function highWord(value: number): number {
  return value >= 2 ** 63 ? 0x7fffffff : Math.floor(value / 4294967296)
}

export function lowWord(value: number): number {
  return value >= 2 ** 63 ? 0xffffffff : value - Math.floor(value / 4294967296) * 4294967296
}

/** Bytes of `records` in all; −1 when it is neither bytes nor a list of bytes. */
export function recordsBytes(records: unknown): number {
  if (records instanceof Uint8Array) return records.length
  if (!Array.isArray(records)) return -1
  let bytes = 0
  for (const piece of records) {
    if (!(piece instanceof Uint8Array)) return -1
    bytes += piece.length
  }
  return bytes
}

export function attachRecords(output: Output, records: Uint8Array | readonly Uint8Array[]): void {
  if (records instanceof Uint8Array) output.attach(records)
  else for (let i = 0; i < records.length; i++) output.attach(records[i]!)
}
