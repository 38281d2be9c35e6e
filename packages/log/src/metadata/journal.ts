import { crc32c } from '@chronicle/base'
import type { LogContext } from '../context.ts'
import { metadataEntry, metadataStream } from '../entry-kinds.ts'
import { logErrors } from '../errors.ts'
import { encodeEntry, type MetadataEntry } from './entries.ts'
import { apply, emptyState } from './state.ts'

type Pending = { readonly lsn: number; readonly entry: MetadataEntry }

/** Entries after which space can be given back: a nearly full disk takes them. */
const frees: ReadonlySet<MetadataEntry['type']> = new Set([
  'topic-deleted',
  'log-start-moved',
  'offsets-deleted',
  'group-deleted',
])

/** The metadata and its way into the log: an entry is appended, becomes durable, is applied, in this order (L7). */
export class MetadataJournal {
  readonly state = emptyState()
  readonly #context: LogContext
  readonly #onApplied: (entry: MetadataEntry) => void
  /** Appended and not durable yet, in log order. */
  #pending: Pending[] = []

  constructor(context: LogContext, onApplied: (entry: MetadataEntry) => void) {
    this.#context = context
    this.#onApplied = onApplied
  }

  /** Resolves when the entry is durable and applied. Throws or rejects with 'log.storage', 'log.closed' or 'log.limit'. */
  append(entry: MetadataEntry): Promise<void> {
    this.#context.checkWritable()
    const { metadataEntryBytesMax, metadataPendingMax } = this.#context.settings
    const payload = encodeEntry(entry)
    if (payload.length > metadataEntryBytesMax) {
      throw logErrors.create('log.limit', {
        limit: 'metadataEntryBytesMax',
        value: payload.length,
        accepted: metadataEntryBytesMax,
      })
    }
    if (this.#pending.length >= metadataPendingMax) {
      throw logErrors.create('log.limit', { limit: 'metadataPendingMax', accepted: metadataPendingMax })
    }
    const lsn = this.#context.append(metadataStream, metadataEntry, payload, crc32c(payload), frees.has(entry.type))
    this.#pending.push({ lsn, entry })
    return this.#context.durable()
  }

  /** Everything below `durableLsn` is durable: applies the entries there. */
  advance(durableLsn: number): void {
    let count = 0
    while (count < this.#pending.length && this.#pending[count]!.lsn < durableLsn) count++
    if (count === 0) return
    const durable = this.#pending.slice(0, count)
    this.#pending = this.#pending.slice(count)
    for (const { entry } of durable) this.applyNow(entry)
  }

  /** Applies an entry that is durable already. */
  applyNow(entry: MetadataEntry): void {
    apply(this.state, entry)
    this.#onApplied(entry)
  }

  /** Entries that are in the log but not in the state, in log order. */
  pending(): MetadataEntry[] {
    return this.#pending.map(({ entry }) => entry)
  }
}
