import { createSecretKey } from 'node:crypto'
import { assert, type Random } from '@chronicle/base'
import type { SealKey } from '@chronicle/vault'

const keyBytes = 32

/**
 * The key of one file: 256 random bits that exist in the memory of this process and nowhere else (CS1). Whoever stops the process, however roughly, destroys it; `destroy`
 * does so at any other time. Nothing has to be erased on a disk, so nothing is left there that a file system, a journal or a flash drive could have kept.
 */
export class ShotKey {
  readonly #id: string
  readonly #bytes: Buffer
  #isDestroyed = false

  /** `id`, a UUID, stands in the clear header of what is sealed. */
  constructor(id: string, random: Random) {
    this.#id = id
    this.#bytes = Buffer.allocUnsafeSlow(keyBytes)
    const drawn = random.bytes(keyBytes)
    this.#bytes.set(drawn)
    drawn.fill(0)
  }

  /** To be let go of as soon as it was used. */
  use(): SealKey {
    assert(!this.#isDestroyed, 'a destroyed key is not used')
    return { id: this.#id, epoch: 0, secret: createSecretKey(this.#bytes) }
  }

  destroy(): void {
    this.#bytes.fill(0)
    this.#isDestroyed = true
  }
}
