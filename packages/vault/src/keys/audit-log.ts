import { basename, dirname, extname, join } from 'node:path'
import { BoundedQueue, type Clock, type Random, systemRandom } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import { AuditChain, type AuditLine, encodeLine, hashOf, repairAction } from './audit-chain.ts'
import { AuditFile } from './audit-file.ts'
import type { AuditEvent, AuditLog } from './contract.ts'

export type FileAuditLog = AuditLog & {
  /** Resolves when all that was taken is durable, or was refused. */
  close(): Promise<void>
}

export type FileAuditLogOptions = {
  readonly clock: Clock
  readonly random?: Random
  /** A file of this size gets the name `audit-<time>-<writer>-<lines>.log`, and the next one begins. 64 MiB unless given. */
  readonly fileBytesMax?: number
  /** Events that wait to be written; one more is refused with 'vault.audit-failed'. 10,000 unless given. */
  readonly queueMax?: number
}

const fileBytesMaxDefault = 64 * 1024 * 1024
const queueMaxDefault = 10_000
/** Events in one write. */
const batchMax = 1_000
const eventBytesMax = 32 * 1024

type Waiting = { readonly event: AuditEvent; readonly resolve: () => void; readonly reject: (error: unknown) => void }

/**
 * The audit log in a file, made with mode 0600. What comes while a write is under way goes out together with the next one. Several processes
 * may write to the same file. When a write fails, those who wait for it are refused with 'vault.audit-failed' and must not go on, whether or not their lines
 * stand there; the next event is tried anew.
 */
export function fileAuditLog(path: string, options: FileAuditLogOptions): FileAuditLog {
  return new Writer(path, options)
}

class Writer implements FileAuditLog {
  readonly #path: string
  readonly #clock: Clock
  readonly #fileBytesMax: number
  readonly #waiting: BoundedQueue<Waiting>
  readonly #writer: string
  readonly #chain = new AuditChain()
  readonly #file: AuditFile
  #seq = 0
  #writing: Promise<void> | undefined
  #closed = false

  constructor(path: string, options: FileAuditLogOptions) {
    const { clock, random = systemRandom, fileBytesMax = fileBytesMaxDefault, queueMax = queueMaxDefault } = options
    this.#path = path
    this.#clock = clock
    this.#fileBytesMax = fileBytesMax
    this.#waiting = new BoundedQueue(queueMax)
    this.#writer = Buffer.from(random.bytes(4)).toString('hex')
    this.#file = new AuditFile(path, this.#chain)
  }

  record({ action, outcome, details }: Omit<AuditEvent, 'at'>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const event = { at: this.#now(), action, outcome, details }
    const bytes = Buffer.byteLength(JSON.stringify(event))
    if (this.#closed) reject(vaultErrors.create('vault.closed', { file: this.#path }))
    else if (bytes > eventBytesMax)
      reject(
        vaultErrors.create('vault.invalid-argument', {
          field: 'details',
          value: `${bytes} bytes`,
          accepted: `${eventBytesMax} bytes`,
        }),
      )
    else if (!this.#waiting.push({ event, resolve, reject }))
      reject(vaultErrors.create('vault.audit-failed', { file: this.#path, waiting: this.#waiting.length }))
    else this.#writing ??= this.#writeAll()
    return promise
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    await this.#file.close()
  }

  async #writeAll(): Promise<void> {
    // Whatever is recorded in this turn of the loop goes out together.
    await undefined
    while (this.#waiting.length > 0) {
      const batch: Waiting[] = []
      while (batch.length < batchMax && this.#waiting.length > 0) batch.push(this.#waiting.shift()!)
      try {
        await this.#write(batch.map(({ event }) => event))
        for (const { resolve } of batch) resolve()
      } catch (error) {
        const refusal = vaultErrors.is(error)
          ? error
          : vaultErrors.create('vault.audit-failed', { file: this.#path }, error)
        for (const { reject } of batch) reject(refusal)
      }
    }
    this.#writing = undefined
  }

  async #write(events: readonly AuditEvent[]): Promise<void> {
    const size = await this.#file.prepare()
    if (size >= this.#fileBytesMax) {
      await this.#file.moveTo(this.#archivePath())
      await this.#file.prepare()
    }
    const repairs = [...this.#chain.torn].map(([sha256, bytes]) => this.#repair(sha256, bytes))
    let after = [...this.#chain.heads]
    const lines = [...repairs, ...events].map(event => {
      const line: AuditLine = { ...event, writer: this.#writer, seq: ++this.#seq, after }
      const text = encodeLine(line)
      after = [hashOf(text)]
      return `${text}\n`
    })
    await this.#file.append(Buffer.from(lines.join('')))
  }

  #repair(sha256: string, bytes: number): AuditEvent {
    return { at: this.#now(), action: repairAction, outcome: 'done', details: { sha256, bytes } }
  }

  /** No file ever had the name: the number of lines makes it new even where the clock stands still or goes back. */
  #archivePath(): string {
    const extension = extname(this.#path)
    const time = this.#now().replaceAll(':', '-')
    const seq = `${this.#seq}`.padStart(10, '0')
    return join(dirname(this.#path), `${basename(this.#path, extension)}-${time}-${this.#writer}-${seq}${extension}`)
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString()
  }
}
