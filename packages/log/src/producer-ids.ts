import type { MetadataJournal } from './metadata/journal.ts'

/** Ids are reserved in blocks: one entry of the metadata for as many as this. */
const blockSize = 1000

/** Gives producer ids, each once and never again, whatever happens between (L12). */
export class ProducerIds {
  readonly #journal: MetadataJournal
  #next = 0
  #end = 0
  #reserving: Promise<void> | undefined

  constructor(journal: MetadataJournal) {
    this.#journal = journal
  }

  async allocate(): Promise<number> {
    while (this.#next === this.#end) {
      this.#reserving ??= this.#reserve().finally(() => {
        this.#reserving = undefined
      })
      await this.#reserving
    }
    return this.#next++
  }

  async #reserve(): Promise<void> {
    const first = this.#journal.state.nextProducerId
    // Not before the reservation is durable: an id given earlier could be given again after a crash.
    await this.#journal.append({ type: 'producer-ids-allocated', first, count: blockSize })
    this.#next = first
    this.#end = first + blockSize
  }
}
