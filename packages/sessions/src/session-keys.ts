import { type SealedHeader, type SealKey, sessionKey, type Vault } from '@chronicle/vault'
import { sessionErrors } from './errors.ts'
import { epochBytesMax, epochChunksMax, sessionEpochsHeldMax } from './limits.ts'

/** How much a session has sealed so far. */
export type Use = { readonly chunks: number; readonly plainBytes: number }

/**
 * The epoch whose key seals the next chunk. It follows from what is stored, so that it is the same after a restart, and goes up with either
 * count (SE9). Epochs begin with 1: 0 is the data key itself.
 */
export function epochAfter({ chunks, plainBytes }: Use): number {
  return 1 + Math.floor(chunks / epochChunksMax) + Math.floor(plainBytes / epochBytesMax)
}

/** What a session's keys are derived from. Nothing of it is secret. */
export type KeyFacts = { readonly keyId: string; readonly pbkdf2Iterations: number }

/** The keys of one session: PBKDF2 once an epoch, then held (SE9). */
export class SessionKeys {
  readonly facts: KeyFacts
  readonly #sessionId: string
  readonly #vault: Pick<Vault, 'key'>
  /** By epoch, the one least recently made first. */
  readonly #held = new Map<number, Promise<SealKey>>()

  constructor(sessionId: string, facts: KeyFacts, vault: Pick<Vault, 'key'>) {
    this.#sessionId = sessionId
    this.facts = facts
    this.#vault = vault
  }

  /** Rejects with 'vault.key-destroyed' and the like. */
  forSealing(use: Use): Promise<SealKey> {
    return this.#derive(epochAfter(use))
  }

  /** The key that a chunk's header names. Rejects with 'sessions.damaged' where it is not one of this session. */
  async forOpening({ keyId, epoch, place }: SealedHeader): Promise<SealKey> {
    if (keyId === this.facts.keyId && epoch > 0) return this.#derive(epoch)
    throw sessionErrors.create('sessions.damaged', {
      chunk: place,
      reason: 'it was sealed with a key of another session',
    })
  }

  async #derive(epoch: number): Promise<SealKey> {
    // Asked each time: a key that was destroyed meanwhile must not serve from here.
    const dataKey = await this.#vault.key(this.facts.keyId)
    let key = this.#held.get(epoch)
    if (!key) {
      key = sessionKey(dataKey, this.#sessionId, epoch, this.facts.pbkdf2Iterations)
      this.#held.set(epoch, key)
      key.catch(() => this.#held.delete(epoch))
      if (this.#held.size > sessionEpochsHeldMax) this.#held.delete(this.#held.keys().next().value!)
    }
    return key
  }

  forget(): void {
    this.#held.clear()
  }
}
