import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { decodeLine, hashOf, repairAction } from './audit-chain.ts'

export type AuditProblem = { readonly file: string; readonly line: number; readonly problem: string }

export type AuditReport = {
  readonly files: number
  readonly lines: number
  /** Empty when nothing was changed, taken out or moved; at most 1,000. */
  readonly problems: readonly AuditProblem[]
  /** Rests of writes that were cut off by a crash; the log itself accounts for each. */
  readonly tornLines: number
  /** The oldest file begins with the first line that was ever written; false when older files are not here any more. */
  readonly fromTheBeginning: boolean
  /**
   * Hashes of lines that no line names: the last one, and what other processes wrote at the same moment. Kept elsewhere, they show later that nothing
   * was cut off.
   */
  readonly heads: readonly string[]
}

const problemsMax = 1_000
/** A line, with the hashes of all that it may have to name. */
const lineBytesMax = 1024 * 1024
const lineEnd = 0x0a

const notBefore = 'names a line that does not stand before it'

type Place = { readonly file: string; readonly line: number }
type Reference = Place & { readonly hash: string }

/** Checks the log at `path` and the full files beside it. Changes nothing. Holds the hashes of one file at a time. */
export async function verifyAuditLog(path: string): Promise<AuditReport> {
  const files = await filesOf(path)
  const found = new Findings()
  for (const file of files) await found.takeFile(file)
  for (const file of files) if (found.outside.length > 0) await found.resolve(file)
  return found.report(files)
}

class Findings {
  readonly #problems: AuditProblem[] = []
  readonly #torn = new Map<string, Place>()
  readonly #heads = new Set<string>()
  #lines = 0
  #tornLines = 0
  /** References to lines that do not stand before them in the same file. */
  outside: Reference[] = []

  async takeFile(file: string): Promise<void> {
    const known = new Set<string>()
    const before = this.outside.length
    let line = 0
    for await (const bytes of linesOf(file)) {
      line++
      // Two processes that both end a torn line leave an empty one.
      if (bytes.length === 0) continue
      const hash = hashOf(bytes)
      const decoded = decodeLine(bytes)
      if (!decoded) {
        this.#torn.set(hash, { file, line })
        continue
      }
      this.#lines++
      if (known.has(hash)) this.#add({ file, line }, 'stands there twice')
      for (const named of decoded.after) {
        if (!known.has(named)) this.outside.push({ file, line, hash: named })
        this.#heads.delete(named)
      }
      known.add(hash)
      this.#heads.add(hash)
      if (decoded.action === repairAction && this.#torn.delete(`${decoded.details.sha256}`)) this.#tornLines++
    }
    const isMoved = ({ hash }: Reference, at: number) => at >= before && known.has(hash)
    for (const reference of this.outside.filter(isMoved)) this.#add(reference, notBefore)
    this.outside = this.outside.filter((reference, at) => !isMoved(reference, at))
  }

  /** Crosses off the references that other files make to `file`. */
  async resolve(file: string): Promise<void> {
    const wanted = new Set(this.outside.filter(reference => reference.file !== file).map(({ hash }) => hash))
    if (wanted.size === 0) return
    const there = new Set<string>()
    for await (const bytes of linesOf(file)) {
      const hash = hashOf(bytes)
      if (wanted.has(hash)) there.add(hash)
    }
    this.outside = this.outside.filter(reference => reference.file === file || !there.has(reference.hash))
    for (const hash of there) this.#heads.delete(hash)
  }

  report(files: readonly string[]): AuditReport {
    const isOlder = ({ file, line }: Place) => file === files[0] && line === 1
    for (const reference of this.outside) {
      if (!isOlder(reference)) this.#add(reference, notBefore)
    }
    for (const place of this.#torn.values()) this.#add(place, 'is no whole line, and no later one accounts for it')
    return {
      files: files.length,
      lines: this.#lines,
      problems: this.#problems,
      tornLines: this.#tornLines,
      fromTheBeginning: !this.outside.some(isOlder),
      heads: [...this.#heads],
    }
  }

  #add({ file, line }: Place, problem: string): void {
    if (this.#problems.length < problemsMax) this.#problems.push({ file, line, problem })
  }
}

/** The full files, in the order of their names, which is that of time, and the one that is written now. */
async function filesOf(path: string): Promise<string[]> {
  const extension = extname(path)
  const stem = basename(path, extension)
  const names = await readdir(dirname(path))
  const full = names.filter(name => name.startsWith(`${stem}-`) && name.endsWith(extension)).sort()
  return [...full, ...names.filter(name => name === basename(path))].map(name => join(dirname(path), name))
}

/** Lines without their ends. One that is longer than any of ours comes in pieces. */
async function* linesOf(file: string): AsyncIterable<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(file)) {
    let bytes = Buffer.concat([rest, chunk as Buffer])
    for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd)) {
      yield bytes.subarray(0, end)
      bytes = bytes.subarray(end + 1)
    }
    rest = bytes
    if (rest.length > lineBytesMax) {
      yield rest
      rest = Buffer.alloc(0)
    }
  }
  if (rest.length > 0) yield rest
}
