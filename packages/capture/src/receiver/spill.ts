/**
 * Where accepted events wait when memory is full: a write-ahead log of its own, read from its beginning. What is in it is older than everything in memory.
 * Its position stands in the database, in the transaction that stores what was read: that is how each event of it is stored once (CB3).
 */
import { crc32c, type Random } from '@chronicle/base'
import {
  type DiskWalOptions,
  entryKind,
  entryKindMin,
  entryNext,
  entryPayloadLength,
  entryPayloadStart,
  openDiskWal,
  type Slice,
  type Wal,
  type WalLimits,
  walProfiles,
} from '@chronicle/wal'
import { captureErrors } from '../errors.ts'
import type { EventGroup } from '../store/event-store.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { Positions, SourcePosition } from '../store/positions.ts'
import { encodeSpillEntry, openSpillEntry, parseSpillHead } from './spill-entry.ts'

const MiB = 1024 * 1024
const kind = entryKindMin
const stream = 0
const spillSource = 'spill'

/** Appended and not on the disk yet, in bytes: what a publisher may bring that leaves no turn to anybody. Memory is taken only while it is needed. */
const unsyncedBytesMax = 64 * MiB

const spillLimits: WalLimits = {
  ...walProfiles.low,
  fileBytesMax: 32 * MiB,
  tailBytesMax: 2 * unsyncedBytesMax,
  unsyncedBytesReadyMax: unsyncedBytesMax / 2,
  unsyncedBytesMax,
  prewriteBytes: 0,
  sparesMax: 0,
}

export type SpillOptions = Omit<DiskWalOptions, 'replayFrom' | 'onReplay' | 'events' | 'limits'> & {
  readonly random: Random
  readonly keys: PayloadKeys
  readonly positions: Positions
  /** On the disk; beyond nothing more is taken. */
  readonly spillBytesMax: number
}

/** What comes next out of the spill. */
export type SpilledGroup = {
  readonly group: EventGroup
  readonly receivedMs: number
  readonly nextLsn: number
  /** It cannot be read any more: how many events are lost with it, and why. */
  readonly lost?: { readonly events: number; readonly error: unknown }
}

/** `receivedMs`: of each entry, in their order. */
type Waiting = { readonly receivedMs: number[]; events: number; readonly sources: Map<string, SourcePosition> }

export class Spill {
  readonly #wal: Wal
  readonly #options: SpillOptions
  readonly #waiting: Waiting
  #readLsn: number

  private constructor(wal: Wal, options: SpillOptions, waiting: Waiting, readLsn: number) {
    this.#wal = wal
    this.#options = options
    this.#waiting = waiting
    this.#readLsn = readLsn
  }

  /** Opens it and finds what an earlier run left. Rejects with the errors of the log. */
  static async open(options: SpillOptions): Promise<Spill> {
    const { positions, disk, directory } = options
    disk.makeDirectory(directory)
    // A directory that was emptied begins at 0 again.
    if (!disk.list(directory).some(name => name.endsWith('.wal'))) positions.forget(spillSource)
    const from = positions.of(spillSource, 0) ?? 0
    const waiting: Waiting = { receivedMs: [], events: 0, sources: new Map() }
    const wal = await openDiskWal({
      ...options,
      limits: spillLimits,
      replayFrom: from,
      onReplay: (lsn, _stream, found, payload) => {
        if (lsn >= from && found === kind) count(waiting, payload)
      },
      events: { onDurable: () => undefined, onFailed: () => undefined },
    })
    return new Spill(wal, options, waiting, Math.max(from, wal.startLsn))
  }

  /** Events in it that are not stored. */
  get events(): number {
    return this.#waiting.events
  }

  /** When the oldest event in it came; undefined where there is none. Not always of the first entry: at a stop what was in hand comes behind what was spilled after it. */
  get oldestMs(): number | undefined {
    return this.isEmpty ? undefined : this.#waiting.receivedMs.reduce((oldest, ms) => Math.min(oldest, ms))
  }

  /** Bytes that it takes on the disk. */
  get bytes(): number {
    return this.#wal.endLsn - this.#wal.startLsn
  }

  get isEmpty(): boolean {
    return this.#waiting.receivedMs.length === 0
  }

  /** Why it takes nothing for the moment; undefined while it does. */
  get hindrance(): Error | undefined {
    return this.#wal.refusal ?? this.#wal.hindrance
  }

  get canTake(): boolean {
    if (this.hindrance || this.bytes >= this.#options.spillBytesMax) return false
    return this.#wal.endLsn - this.#wal.durableLsn < spillLimits.unsyncedBytesReadyMax
  }

  /** Up to where a source is in the spill; undefined where nothing of it is. */
  positionOf(source: string, partition: number): number | undefined {
    return this.#waiting.sources.get(`${partition} ${source}`)?.position
  }

  /** Throws the log's errors, and then nothing was taken. */
  append(group: EventGroup): void {
    const entry = encodeSpillEntry(group, this.#options.keys.current, this.#options.random)
    this.#wal.append(stream, kind, entry, crc32c(entry))
    count(this.#waiting, entry)
  }

  /** All that was appended is on the disk. */
  flushed(): Promise<void> {
    return this.#wal.flushed()
  }

  /** The oldest group that is not stored. It stays until {@link release}. */
  async next(): Promise<SpilledGroup | undefined> {
    if (this.isEmpty) return undefined
    await this.#wal.flushed()
    for (;;) {
      const slice = await this.#wal.read(this.#readLsn, 1)
      try {
        if (slice.start === slice.end) return undefined
        const nextLsn = slice.lsn + (entryNext(slice.bytes, slice.start) - slice.start)
        if (entryKind(slice.bytes, slice.start) === kind) return await this.#open(payloadOf(slice), nextLsn)
        // An entry of the log's own.
        this.#readLsn = nextLsn
      } finally {
        slice.release()
      }
    }
  }

  /** `spilled` is stored, together with {@link positionAfter} it. */
  async release({ group, nextLsn, lost }: SpilledGroup): Promise<void> {
    this.#readLsn = nextLsn
    this.#waiting.receivedMs.shift()
    this.#waiting.events -= group.events.length + (lost?.events ?? 0)
    if (this.isEmpty) this.#waiting.sources.clear()
    await this.#wal.trim(nextLsn)
  }

  close(): Promise<void> {
    return this.#wal.close()
  }

  /** An entry that cannot be read any more is stepped over: what comes behind it must not wait for ever. */
  async #open(payload: Buffer, nextLsn: number): Promise<SpilledGroup> {
    const { events = 0, receivedMs = 0, positions = [] } = parseSpillHead(payload) ?? {}
    try {
      return { group: await openSpillEntry(payload, this.#options.keys), receivedMs, nextLsn }
    } catch (error) {
      if (!captureErrors.is(error) || error.code !== 'capture.database-block-damaged') throw error
      return { group: { events: [], positions }, receivedMs, nextLsn, lost: { events, error } }
    }
  }
}

/** What the database has to know once `spilled` is stored. */
export function positionAfter({ nextLsn }: SpilledGroup): SourcePosition {
  return { source: spillSource, partition: 0, position: nextLsn }
}

function payloadOf(slice: Slice): Buffer {
  const start = entryPayloadStart(slice.start)
  return slice.bytes.subarray(start, start + entryPayloadLength(slice.bytes, slice.start))
}

function count(waiting: Waiting, entry: Buffer): void {
  const head = parseSpillHead(entry)
  waiting.receivedMs.push(head?.receivedMs ?? 0)
  waiting.events += head?.events ?? 0
  for (const position of head?.positions ?? []) {
    const name = `${position.partition} ${position.source}`
    // At a stop the group in hand comes behind what was spilled after it: a source does not go back for that.
    if (position.position > (waiting.sources.get(name)?.position ?? -1)) waiting.sources.set(name, position)
  }
}
