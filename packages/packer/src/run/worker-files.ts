import { Worker } from 'node:worker_threads'
import { type ChronicleError, messageOf } from '@chronicle/base'
import type { ArchiveSettings } from '../archive/archive-settings.ts'
import { archiveSettingsOf } from '../archive/archive-settings.ts'
import { packerErrors } from '../errors.ts'
import type { EventColumns } from '../intake/contract.ts'
import { memoryOf } from '../intake/event-batch.ts'
import type { BuiltFile, FileJob } from './file-builder.ts'
import type { Files } from './files.ts'
import type { FromWorker, ToWorker, WorkerError, WorkerSettings } from './worker-protocol.ts'

/** Given to the thread and not taken by it yet; above it whoever gives more waits. */
export const inFlightBytesMax = 4 * 1024 * 1024
/** Of the thread's collector: it makes little that lives, and in a long run the space for new objects would grow to several times this, for nothing. */
const maxYoungGenerationSizeMb = 12

/** Files that a thread of their own writes. Once it has failed, every call rejects with why. */
export class WorkerFiles implements Files {
  readonly #worker: Worker
  readonly #sizes = new Map<number, { reported: number; inFlight: number }>()
  readonly #finishing = new Map<number, PromiseWithResolvers<BuiltFile>>()
  #inFlight = 0
  #room: PromiseWithResolvers<void> | undefined
  #failure: Error | undefined

  constructor(settings: ArchiveSettings) {
    const workerData: WorkerSettings = { settings: archiveSettingsOf(settings) }
    // Nothing of this process's environment is of use to the thread, and it may hold passphrases.
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData,
      env: {},
      name: 'packer-files',
      resourceLimits: { maxYoungGenerationSizeMb },
    })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', error => this.#fail({ message: messageOf(error) }))
    this.#worker.on('exit', code => this.#fail({ message: `the thread ended with code ${code}` }))
  }

  begin(id: number, job: FileJob): void {
    this.#sizes.set(id, { reported: 0, inFlight: 0 })
    this.#post({ type: 'begin', id, job }, [])
  }

  events(id: number, columns: EventColumns, plainBytes: number): Promise<void> {
    return this.#give({ type: 'events', id, columns, plainBytes }, plainBytes, memoryOf(columns))
  }

  bytes(id: number, bytes: Uint8Array): Promise<void> {
    return this.#give({ type: 'bytes', id, bytes }, bytes.length, [])
  }

  bytesAtMost(id: number): number {
    const { reported, inFlight } = this.#sizes.get(id)!
    return reported + inFlight
  }

  finish(id: number): Promise<BuiltFile> {
    const finishing = Promise.withResolvers<BuiltFile>()
    this.#finishing.set(id, finishing)
    if (this.#failure) finishing.reject(this.#failure)
    else this.#post({ type: 'finish', id }, [])
    return finishing.promise
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }

  #give(message: ToWorker, bytes: number, memory: ArrayBuffer[]): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure)
    this.#inFlight += bytes
    this.#sizes.get(message.id)!.inFlight += bytes
    this.#post(message, memory)
    if (this.#inFlight <= inFlightBytesMax) return Promise.resolve()
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'taken': {
        const size = this.#sizes.get(message.id)!
        size.reported = message.bytesAtMost
        size.inFlight -= message.plainBytes
        this.#inFlight -= message.plainBytes
        if (this.#inFlight <= inFlightBytesMax) this.#giveRoom()
        return
      }
      case 'finished':
        this.#finishing.get(message.id)!.resolve(message.built)
        this.#finishing.delete(message.id)
        this.#sizes.delete(message.id)
        return
      case 'failed':
        this.#fail(message.error)
    }
  }

  #giveRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  #fail(error: WorkerError): void {
    this.#failure ??= failureOf(error)
    for (const finishing of this.#finishing.values()) finishing.reject(this.#failure)
    this.#finishing.clear()
    this.#room?.reject(this.#failure)
    this.#room = undefined
  }

  #post(message: ToWorker, memory: ArrayBuffer[]): void {
    if (!this.#failure) this.#worker.postMessage(message, memory)
  }
}

/** What the thread failed with. Its code stays in the cause: failures are counted and explained by it. */
function failureOf({ message, code, details = {} }: WorkerError): ChronicleError {
  if (code === 'packer.verification-failed') return packerErrors.create(code, details)
  const cause = code === undefined ? undefined : Object.assign(new Error(message), { code })
  return packerErrors.create('packer.worker-failed', { reason: message }, cause)
}
