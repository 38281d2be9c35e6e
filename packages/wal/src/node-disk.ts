import * as fs from 'node:fs'
import { promisify } from 'node:util'
import type { Disk, DiskFile } from './disk.ts'

/** writev(2) takes at most IOV_MAX pieces. */
const piecesMax = 1024

const fdatasync = promisify(fs.fdatasync)
const fsync = promisify(fs.fsync)
const statfs = promisify(fs.statfs)

/** The disk of the machine, through node:fs. */
export const nodeDisk: Disk = {
  makeDirectory: directory => void fs.mkdirSync(directory, { recursive: true }),
  list: directory => fs.readdirSync(directory),
  open: (path, mode) => new NodeFile(path, fs.openSync(path, flags[mode])),
  rename: (from, to) => fs.renameSync(from, to),
  remove: path => fs.unlinkSync(path),
  async syncDirectory(directory) {
    const fd = fs.openSync(directory, 'r')
    try {
      await fsync(fd)
    } finally {
      fs.closeSync(fd)
    }
  },
  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  },
}

const flags = { read: 'r', write: 'r+', create: 'wx+' } as const

class NodeFile implements DiskFile {
  readonly path: string
  readonly #fd: number

  constructor(path: string, fd: number) {
    this.path = path
    this.#fd = fd
  }

  size(): number {
    return fs.fstatSync(this.#fd).size
  }

  writeSync(pieces: readonly Uint8Array[], position: number): void {
    const rest = new Unwritten(pieces, position)
    while (rest.pieces.length > 0) rest.advance(fs.writevSync(this.#fd, rest.pieces, rest.position))
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    const rest = new Unwritten(pieces, position)
    while (rest.pieces.length > 0) rest.advance(await writev(this.#fd, rest.pieces, rest.position))
  }

  readSync(target: Uint8Array, targetStart: number, length: number, position: number): number {
    return fs.readSync(this.#fd, target, targetStart, length, position)
  }

  read(target: Uint8Array, targetStart: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, target, targetStart, length, position, (error, count) =>
        error ? reject(error) : resolve(count),
      )
    })
  }

  truncate(length: number): void {
    fs.ftruncateSync(this.#fd, length)
  }

  datasync(): Promise<void> {
    return fdatasync(this.#fd)
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}

function writev(fd: number, pieces: readonly Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(fd, pieces, position, (error, count) => (error ? reject(error) : resolve(count)))
  })
}

/** What of a write is still to be done: the system may take a part, and takes so many pieces at once. */
class Unwritten {
  pieces: readonly Uint8Array[]
  position: number
  #later: readonly Uint8Array[]

  constructor(pieces: readonly Uint8Array[], position: number) {
    this.pieces = pieces.slice(0, piecesMax)
    this.#later = pieces.slice(piecesMax)
    this.position = position
    this.advance(0)
  }

  advance(count: number): void {
    this.position += count
    let left = count
    let whole = 0
    while (whole < this.pieces.length && left >= this.pieces[whole]!.length) left -= this.pieces[whole++]!.length
    if (whole > 0) this.pieces = this.pieces.slice(whole)
    if (left > 0) this.pieces = [this.pieces[0]!.subarray(left), ...this.pieces.slice(1)]
    if (this.pieces.length === 0 && this.#later.length > 0) {
      this.pieces = this.#later.slice(0, piecesMax)
      this.#later = this.#later.slice(piecesMax)
    }
  }
}
