import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { packerErrors } from '../errors.ts'
import {
  decodeHeaderPage,
  headerPageBytes,
  positionOf,
  putPositionWord,
  putUint53,
  type RingHeader,
  readerAt,
  saltOf,
  uint53,
  writerAt,
} from './layout.ts'
import { unusable, whyNotOurs } from './trust.ts'

/** A word whose check is wrong is read again so often: a store in progress is over long before. */
const tornReadsMax = 64
/** The flag is set right again so often when the other side moves meanwhile; the next write or release looks at it anew. */
const pressureRoundsMax = 3

export type RingWords = {
  /** Undefined where the word's check is wrong. */
  readonly writePosition: number | undefined
  readonly readPosition: number | undefined
  readonly sequence: number
  readonly lostRecords: number
  readonly lostBytes: number
  readonly writerPid: number
  readonly readerPid: number
  readonly thresholdBytes: number
  /** 0 where nobody has said. */
  readonly writeTimeoutMs: number
  readonly isFlagged: boolean
}

/** A ring's file, open: plain reads and writes at places, and the words in the header page. */
export class RingFile {
  readonly path: string
  readonly header: RingHeader
  readonly salt: number
  readonly #fd: number
  readonly #words = Buffer.alloc(512)
  readonly #word = Buffer.alloc(8)

  constructor(path: string, fd: number, header: RingHeader) {
    this.path = path
    this.#fd = fd
    this.header = header
    this.salt = saltOf(header.id)
  }

  /** The words as they are. A position that is being written is read again. */
  words(): RingWords {
    this.#read(this.#words, 0, this.#words.length, 0)
    const words = this.#words
    return {
      writePosition: positionOf(words, writerAt.position, this.salt) ?? this.loadPosition('write'),
      readPosition: positionOf(words, readerAt.position, this.salt) ?? this.loadPosition('read'),
      sequence: uint53(words, writerAt.sequence),
      lostRecords: uint53(words, writerAt.lostRecords),
      lostBytes: uint53(words, writerAt.lostBytes),
      writerPid: words.readUInt32LE(writerAt.pid),
      readerPid: words.readUInt32LE(readerAt.pid),
      thresholdBytes: uint53(words, readerAt.threshold),
      writeTimeoutMs: words.readUInt32LE(readerAt.writeTimeout),
      isFlagged: words.readUInt32LE(readerAt.flag) !== 0,
    }
  }

  /** A position, or undefined where its word stays wrong (PR2). */
  loadPosition(which: 'write' | 'read'): number | undefined {
    for (let reads = 0; reads < tornReadsMax; reads++) {
      this.#read(this.#word, 0, 8, which === 'write' ? writerAt.position : readerAt.position)
      const position = positionOf(this.#word, 0, this.salt)
      if (position !== undefined) return position
    }
    return undefined
  }

  /** One aligned store of 8 bytes: before it the old position holds, after it the new one (PR2). */
  storeReadPosition(position: number): void {
    putPositionWord(this.#word, 0, position, this.salt)
    this.#write(this.#word, 8, readerAt.position)
  }

  /** The position and, behind it in the same call, what has no bearing on what is read. */
  storeWritePosition(position: number, sequence: number, nowMs: number): void {
    putPositionWord(this.#words, 0, position, this.salt)
    putUint53(this.#words, writerAt.sequence - writerAt.position, sequence)
    putUint53(this.#words, writerAt.lastWrite - writerAt.position, nowMs)
    this.#write(this.#words, writerAt.lostRecords - writerAt.position, writerAt.position)
  }

  storeLosses(sequence: number, nowMs: number, lostRecords: number, lostBytes: number): void {
    putUint53(this.#words, 0, sequence)
    putUint53(this.#words, writerAt.lastWrite - writerAt.sequence, nowMs)
    putUint53(this.#words, writerAt.lostRecords - writerAt.sequence, lostRecords)
    putUint53(this.#words, writerAt.lostBytes - writerAt.sequence, lostBytes)
    this.#write(this.#words, writerAt.pid - writerAt.sequence, writerAt.sequence)
  }

  storePid(side: 'writer' | 'reader', pid: number): void {
    this.#word.writeUInt32LE(pid, 0)
    this.#write(this.#word, 4, side === 'writer' ? writerAt.pid : readerAt.pid)
  }

  storeThreshold(bytes: number): void {
    putUint53(this.#word, 0, bytes)
    this.#write(this.#word, 8, readerAt.threshold)
  }

  storeWriteTimeout(ms: number): void {
    this.#word.writeUInt32LE(ms, 0)
    this.#write(this.#word, 4, readerAt.writeTimeout)
  }

  /**
   * Sets or clears the flag as the positions say (PR8). Both sides do so; each looks again after its store, so that whoever stores last has seen
   * what the other did. Returns the words as last seen.
   */
  updatePressure(): RingWords {
    for (let rounds = 0; ; rounds++) {
      const words = this.words()
      const isPressed = pressed(words)
      if (words.isFlagged === isPressed || rounds === pressureRoundsMax) return words
      this.#word.writeUInt32LE(isPressed ? 1 : 0, 0)
      this.#write(this.#word, 4, readerAt.flag)
    }
  }

  /** Reads from the data area; the caller keeps to its end. */
  readArea(target: Buffer, targetStart: number, length: number, position: number): void {
    this.#read(target, targetStart, length, headerPageBytes + (position % this.header.capacityBytes))
  }

  writeArea(source: Uint8Array, length: number, position: number): void {
    this.#write(source, length, headerPageBytes + (position % this.header.capacityBytes))
  }

  /** False once the file has no name any more. */
  isThere(): boolean {
    return fstatSync(this.#fd).nlink > 0
  }

  sync(): void {
    fsyncSync(this.#fd)
  }

  close(): void {
    closeSync(this.#fd)
  }

  #read(target: Buffer, targetStart: number, length: number, offset: number): void {
    for (let done = 0; done < length; ) {
      const bytes = readSync(this.#fd, target, targetStart + done, length - done, offset + done)
      if (bytes === 0) throw packerErrors.create('packer.ring-damaged', { path: this.path, reason: 'it was cut short' })
      done += bytes
    }
  }

  #write(source: Uint8Array, length: number, offset: number): void {
    for (let done = 0; done < length; ) done += writeSync(this.#fd, source, done, length - done, offset + done)
  }
}

/** More bytes are used than the threshold allows. A position that is not known counts as pressed. */
export function pressed({ writePosition, readPosition, thresholdBytes }: RingWords): boolean {
  if (writePosition === undefined || readPosition === undefined) return true
  return writePosition - readPosition > thresholdBytes
}

/** Opens a ring's file, or throws what is wrong with it (PR6). Changes nothing. */
export function openRingFile(path: string): RingFile {
  const fd = open(path)
  try {
    const stat = fstatSync(fd)
    const reason = whyNotOurs(stat)
    if (reason) throw packerErrors.create('packer.ring-unusable', { path, reason })
    const header = readHeader(path, fd)
    const expected = headerPageBytes + header.capacityBytes
    if (stat.size !== expected) {
      const reason = `the file has ${stat.size} bytes instead of ${expected}`
      throw packerErrors.create('packer.ring-damaged', { path, reason })
    }
    return new RingFile(path, fd, header)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function open(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw packerErrors.create('packer.ring-missing', { path }, error)
    }
    throw unusable(path, error)
  }
}

function readHeader(path: string, fd: number): RingHeader {
  const page = Buffer.alloc(headerPageBytes)
  const decoded = decodeHeaderPage(page.subarray(0, readSync(fd, page, 0, page.length, 0)))
  if (decoded.state === 'foreign') throw packerErrors.create('packer.ring-foreign-file', { path })
  if (decoded.state === 'damaged') {
    throw packerErrors.create('packer.ring-damaged', { path, reason: 'the checksum of its constants is wrong' })
  }
  if (decoded.state === 'newer') {
    throw packerErrors.create('packer.ring-unsupported-version', { path, version: decoded.version })
  }
  return decoded.header
}
