/** Looks through everything below a directory for what must not be readable there, in each form in which a program might have left it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Any 16 bytes of a body that stand in a file hold one whole word at a multiple of its size. */
const wordBytes = 8
/** A word of fewer different bytes says nothing: zeros, a plain ground. */
const distinctBytesMin = 4
const pngSignature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
const jpegHeader = Buffer.from('\xff\xd8\xff\xe0\x00\x10JFIF\x00', 'latin1')

/** `texts` are looked for as a whole, in every form; of `bodies`, such as images, any 16 bytes that follow each other. */
export type Secrets = { readonly texts: readonly string[]; readonly bodies: readonly Buffer[] }

export class DiskScan {
  readonly #directory: string
  readonly #needles = new Map<string, Buffer>([
    ['the signature of PNG', pngSignature],
    ['the header of JPEG', jpegHeader],
  ])
  readonly #words = new Set<bigint>()

  constructor(directory: string, { texts, bodies }: Secrets) {
    this.#directory = directory
    for (const text of texts) {
      for (const [form, bytes] of formsOf(Buffer.from(text))) this.#needles.set(`"${text}" ${form}`, bytes)
      const wide = Buffer.from(text, 'utf16le')
      this.#needles.set(`"${text}" in UTF-16LE`, wide)
      this.#needles.set(`"${text}" in UTF-16BE`, Buffer.from(wide).swap16())
    }
    for (const body of bodies) this.#addBody(body)
  }

  /** From now on this key is looked for as well. */
  addKey(key: Buffer): void {
    for (const [, bytes] of formsOf(key)) this.#addBody(bytes)
  }

  /** A file that goes while it is looked for is passed over. */
  assertClean(when: string): void {
    for (const path of filesBelow(this.#directory)) {
      const bytes = readIfThere(path)
      for (const [name, needle] of this.#needles) assert.ok(!bytes.includes(needle), `${when}: ${path} holds ${name}`)
      for (const word of wordsOf(bytes))
        assert.ok(!this.#words.has(word), `${when}: ${path} holds a part of an image or a key`)
    }
  }

  #addBody(body: Buffer): void {
    for (let shift = 0; shift < wordBytes; shift++)
      for (const [at, word] of wordsOf(body.subarray(shift)).entries())
        if (saysSomething(body.subarray(shift + at * wordBytes, shift + (at + 1) * wordBytes))) this.#words.add(word)
  }
}

/** Every file below but the lock, whose lock goes with whoever closes it. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.endsWith('-lock'))
    .map(entry => join(entry.parentPath, entry.name))
}

function* formsOf(bytes: Buffer): Iterable<[name: string, needle: Buffer]> {
  yield ['as it is', bytes]
  yield ['in hex', Buffer.from(bytes.toString('hex'))]
  yield ['in upper case hex', Buffer.from(bytes.toString('hex').toUpperCase())]
  for (let before = 0; before < 3; before++) {
    // The characters at both ends also depend on what stands beside it.
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '')
    const needle = text.slice(before === 0 ? 0 : before + 1, -1)
    yield [`in base64, after ${before} bytes`, Buffer.from(needle)]
    yield [`in base64url, after ${before} bytes`, Buffer.from(needle.replaceAll('+', '-').replaceAll('/', '_'))]
  }
}

function wordsOf(bytes: Buffer): BigUint64Array {
  const end = bytes.byteOffset + bytes.length - (bytes.length % wordBytes)
  return new BigUint64Array(bytes.buffer.slice(bytes.byteOffset, end) as ArrayBuffer)
}

function saysSomething(word: Buffer): boolean {
  return new Set(word).size >= distinctBytesMin
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}
