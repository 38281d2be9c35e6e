import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { vaultErrors } from '../errors.ts'
import type { AuditChain } from './audit-chain.ts'
import { syncDirectory } from './sync-directory.ts'

/** Enough to hold every line that no line names yet: each write names all that it finds. */
const tailBytesMax = 1024 * 1024
/** Attempts to end a torn line. */
const endAttemptsMax = 4
const lineEnd = 0x0a

/**
 * One file of the audit log, which other processes may append to as well: each write is one `write` on a descriptor opened with O_APPEND, which the
 * kernel does whole and at the end.
 */
export class AuditFile {
  readonly #path: string
  readonly #chain: AuditChain
  #file: FileHandle | undefined
  /** What was taken into the chain. */
  #seenBytes = 0

  constructor(path: string, chain: AuditChain) {
    this.#path = path
    this.#chain = chain
  }

  /** The file that has the name now, with all its lines taken into the chain. Returns its size. */
  async prepare(): Promise<number> {
    if (this.#file && !(await this.#isNamed(this.#file))) {
      // Another process has moved it away; its last lines are named from the next file.
      await this.#takeNew(this.#file)
      await this.close()
    }
    this.#file ??= await this.#open()
    return await this.#takeNew(this.#file)
  }

  /** Appends whole lines and syncs them. What a failure leaves behind is found by the next `prepare`. */
  async append(lines: Buffer): Promise<void> {
    const file = this.#file!
    const { bytesWritten } = await file.write(lines)
    if (bytesWritten < lines.length) throw new Error(`only ${bytesWritten} of ${lines.length} bytes were written`)
    await file.datasync()
  }

  /** Gives the file another name; the next `prepare` begins one. Nothing is lost when another process does so as well: it moves what is there by then. */
  async moveTo(path: string): Promise<void> {
    await rename(this.#path, path).catch(ignoreMissing)
    await this.close()
    await syncDirectory(dirname(path))
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  async #open(): Promise<FileHandle> {
    const directory = dirname(this.#path)
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const file = await open(this.#path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600)
    const { size } = await file.stat()
    if (size === 0) await syncDirectory(directory)
    this.#seenBytes = size > tailBytesMax ? await nextLineAt(file, size - tailBytesMax) : 0
    return file
  }

  async #isNamed(file: FileHandle): Promise<boolean> {
    try {
      const [own, named] = await Promise.all([file.stat(), stat(this.#path)])
      return own.ino === named.ino && own.dev === named.dev
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    }
  }

  /** Takes in the lines from where it left off. Ends a line that a crash has torn; whether it was torn shows only once it has an end. */
  async #takeNew(file: FileHandle): Promise<number> {
    for (let attempt = 0; attempt < endAttemptsMax; attempt++) {
      const { size } = await file.stat()
      if (size < this.#seenBytes)
        throw vaultErrors.create('vault.audit-failed', { file: this.#path, part: 'it was cut' })
      const bytes = await read(file, this.#seenBytes, size)
      const end = bytes.lastIndexOf(lineEnd) + 1
      for (const line of linesOf(bytes.subarray(0, end))) this.#chain.take(line)
      this.#seenBytes += end
      if (end === bytes.length) return size
      await file.write(Buffer.of(lineEnd))
    }
    throw vaultErrors.create('vault.audit-failed', { file: this.#path, part: 'its last line does not end' })
  }
}

/** Another process was quicker. */
function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

/** Lines without their ends. */
function* linesOf(bytes: Buffer): Iterable<Buffer> {
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(lineEnd, start)
    yield bytes.subarray(start, end)
    start = end + 1
  }
}

async function nextLineAt(file: FileHandle, from: number): Promise<number> {
  const bytes = await read(file, from, from + tailBytesMax)
  return from + bytes.indexOf(lineEnd) + 1
}

async function read(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(end - start)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}
