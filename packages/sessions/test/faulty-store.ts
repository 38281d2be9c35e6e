import type {
  ByteRange,
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectRead,
  ObjectStore,
  PutOptions,
} from '@chronicle/objects'
import { objectErrors } from '@chronicle/objects'

export type StoreCall = 'head' | 'get' | 'put' | 'list' | 'delete'

/**
 * What becomes of a call: it goes through; it fails and nothing is done; it is done and its answer is lost; the process dies before it, or
 * right after it.
 */
export type Fate = 'ok' | 'fail' | 'lose' | 'die before' | 'die after'

/** The process is gone. */
export class Killed extends Error {
  constructor() {
    super('the process was killed')
  }
}

/** A store whose every call may go wrong. */
export class FaultyStore implements ObjectStore {
  readonly location: string
  readonly #inner: ObjectStore
  #isDead = false
  /** Decides about each call. */
  fate: (call: StoreCall, key: string) => Fate | Promise<Fate> = () => 'ok'
  readonly calls: string[] = []
  readonly #running = new Set<Promise<unknown>>()

  constructor(inner: ObjectStore) {
    this.#inner = inner
    this.location = inner.location
  }

  get isDead(): boolean {
    return this.#isDead
  }

  kill(): void {
    this.#isDead = true
  }

  /** What the process had under way has reached the store, or never will: a killed process stores nothing later. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#running)
  }

  head(key: string): Promise<ObjectInfo | undefined> {
    return this.#call('head', key, () => this.#inner.head(key))
  }

  get(key: string, range?: ByteRange): Promise<ObjectRead> {
    return this.#call('get', key, () => this.#inner.get(key, range))
  }

  put(key: string, body: ObjectBody, options?: PutOptions): Promise<ObjectInfo> {
    return this.#call('put', key, () =>
      this.#inner.put(key, body instanceof Uint8Array ? body : this.#alive(body), options),
    )
  }

  /** A dead process sends no more pieces: what it was putting never gets its key. */
  async *#alive(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      if (this.#isDead) throw new Killed()
      yield piece
    }
    if (this.#isDead) throw new Killed()
  }

  async *list(options?: ListOptions): AsyncGenerator<ObjectInfo> {
    await this.#call('list', options?.prefix ?? '', async () => undefined)
    for await (const info of this.#inner.list(options)) {
      if (this.#isDead) throw new Killed()
      yield info
    }
  }

  delete(key: string): Promise<void> {
    return this.#call('delete', key, () => this.#inner.delete(key))
  }

  async close(): Promise<void> {}

  async #track<T>(promise: Promise<T>): Promise<T> {
    this.#running.add(promise)
    try {
      return await promise
    } finally {
      this.#running.delete(promise)
    }
  }

  async #call<T>(call: StoreCall, key: string, run: () => Promise<T>): Promise<T> {
    if (this.#isDead) throw new Killed()
    this.calls.push(`${call} ${key}`)
    const fate = await this.fate(call, key)
    if (this.#isDead) throw new Killed()
    if (fate === 'die before') {
      this.kill()
      throw new Killed()
    }
    if (fate === 'fail') throw objectErrors.create('objects.unavailable', { key, reason: 'a fault was injected' })
    const result = await this.#track(run())
    if (this.#isDead || fate !== 'ok') await (result as ObjectRead | undefined)?.cancel?.()
    if (fate === 'die after') this.kill()
    if (this.#isDead) throw new Killed()
    if (fate === 'lose') throw objectErrors.create('objects.outcome-unknown', { key, reason: 'a fault was injected' })
    return result
  }
}
