/**
 * The events of a window in the order of their times, from blocks each of which is in order. Blocks are opened when their time comes, so that the
 * memory it takes follows from how far they overlap, and not from how much the window holds (CW5). The same blocks always give the same order.
 */
import type { DecodedEvent } from '../event/run.ts'
import type { BlockMark, BlockRow, OpenedBlock } from '../store/event-blocks.ts'
import { mergeBytesMax, mergeEventsMax, pageBlocksMax, partBytesMax, partEventsMax } from './limits.ts'

/** Where blocks come from, in the order of their first events. */
export type BlockSource<Row extends BlockRow = BlockRow, Event extends DecodedEvent = DecodedEvent> = {
  page(after: BlockMark | undefined, rowsMax: number): Row[]
  /** Undefined where nothing of the block is to be had: the others go on. */
  open(row: Row): Promise<OpenedBlock<Event> | undefined>
}

/** A block that is open, and how far it was taken. */
type OpenBlock<Event> = {
  readonly blockId: number
  readonly events: Event[]
  readonly bytesEach: number
  taken: number
}

type OpenLimits = { readonly mergeEventsMax: number; readonly mergeBytesMax: number }

export type MergeLimits = OpenLimits & { readonly partEventsMax: number; readonly partBytesMax: number }

export const mergeLimits: MergeLimits = { partEventsMax, partBytesMax, mergeEventsMax, mergeBytesMax }

/** The parts of a window: each as many events as a batch takes, each event as `made` of it. */
export async function* partsOf<Row extends BlockRow, Event extends DecodedEvent, Made = Event>(
  source: BlockSource<Row, Event>,
  limits: MergeLimits = mergeLimits,
  made: (event: Event) => Made = event => event as unknown as Made,
): AsyncIterable<Made[]> {
  let whole: Made[] = []
  let number = 1
  for await (const { part, events } of piecesOf(source, limits)) {
    if (part !== number) {
      yield whole
      whole = []
      number = part
    }
    for (const event of events) whole.push(made(event))
  }
  if (whole.length > 0) yield whole
}

/** The same in pieces, none of which reaches beyond its part, for who has no need to hold a part as a whole. Parts count from 1. */
export async function* piecesOf<Row extends BlockRow, Event extends DecodedEvent>(
  source: BlockSource<Row, Event>,
  { partEventsMax, partBytesMax, ...limits }: MergeLimits = mergeLimits,
): AsyncIterable<{ readonly part: number; readonly events: readonly Event[]; readonly bytes: number }> {
  let part = 1
  let [count, bytes] = [0, 0]
  for await (const { events, bytesEach } of stretches(source, limits)) {
    let from = 0
    for (let at = 0; at < events.length; at++) {
      if (count === partEventsMax || bytes >= partBytesMax) {
        if (at > from) yield { part, events: events.slice(from, at), bytes: (at - from) * bytesEach }
        from = at
        part++
        count = 0
        bytes = 0
      }
      count++
      bytes += bytesEach
    }
    yield { part, events: from === 0 ? events : events.slice(from), bytes: (events.length - from) * bytesEach }
  }
}

/** Stretches of events that follow each other in one block, and nothing of another block lies between. */
async function* stretches<Row extends BlockRow, Event extends DecodedEvent>(
  source: BlockSource<Row, Event>,
  limits: OpenLimits,
): AsyncIterable<{ events: Event[]; bytesEach: number }> {
  const upcoming = new Upcoming(source)
  const open = new OpenBlocks<Event>(limits)
  for (;;) {
    for (let next = upcoming.peek(); next && open.wants(next.firstMs); next = upcoming.peek()) {
      const row = upcoming.take()
      const block = await source.open(row)
      if (block) open.add(row, block)
    }
    if (open.isEmpty) return
    yield open.takeStretch(upcoming.peek()?.firstMs)
  }
}

/** Blocks that are not open yet, fetched page by page. */
class Upcoming<Row extends BlockRow> {
  readonly #source: Pick<BlockSource<Row>, 'page'>
  #page: Row[] = []
  #at = 0
  #mark: BlockMark | undefined
  #isAtEnd = false

  constructor(source: Pick<BlockSource<Row>, 'page'>) {
    this.#source = source
  }

  peek(): Row | undefined {
    if (this.#at === this.#page.length && !this.#isAtEnd) {
      this.#page = this.#source.page(this.#mark, pageBlocksMax)
      this.#at = 0
      this.#mark = this.#page.at(-1) ?? this.#mark
      this.#isAtEnd = this.#page.length < pageBlocksMax
    }
    return this.#page[this.#at]
  }

  take(): Row {
    return this.#page[this.#at++]!
  }
}

/** In the order of their next events; of events of one millisecond that of the older block comes first. */
class OpenBlocks<Event extends DecodedEvent> {
  readonly #limits: OpenLimits
  readonly #blocks: OpenBlock<Event>[] = []
  #events = 0
  #bytes = 0

  constructor(limits: OpenLimits) {
    this.#limits = limits
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0
  }

  /** Whether a block that begins at `firstMs` has to be open before the next event is taken, and may be. */
  wants(firstMs: number): boolean {
    const first = this.#blocks[0]
    if (first === undefined) return true
    if (this.#events >= this.#limits.mergeEventsMax || this.#bytes >= this.#limits.mergeBytesMax) return false
    return firstMs <= headMs(first)
  }

  add({ blockId }: BlockRow, { events, bytes }: OpenedBlock<Event>): void {
    const bytesEach = bytes / events.length
    this.#events += events.length
    this.#bytes += bytes
    this.#insert({ blockId, events, bytesEach, taken: 0 })
  }

  /** What comes next, up to where another block, or one that is not open yet, goes on. */
  takeStretch(nextFirstMs = Number.POSITIVE_INFINITY): { events: Event[]; bytesEach: number } {
    const block = this.#blocks.shift()!
    const second = this.#blocks[0]
    const from = block.taken
    do block.taken++
    while (block.taken < block.events.length && isBefore(block, second) && headMs(block) < nextFirstMs)
    const count = block.taken - from
    this.#events -= count
    this.#bytes -= count * block.bytesEach
    if (block.taken < block.events.length) this.#insert(block)
    const events = count === block.events.length ? block.events : block.events.slice(from, block.taken)
    return { events, bytesEach: block.bytesEach }
  }

  #insert(block: OpenBlock<Event>): void {
    let at = 0
    while (at < this.#blocks.length && !isBefore(block, this.#blocks[at])) at++
    this.#blocks.splice(at, 0, block)
  }
}

function headMs(block: OpenBlock<DecodedEvent>): number {
  return block.events[block.taken]!.timestamp
}

function isBefore(one: OpenBlock<DecodedEvent>, other: OpenBlock<DecodedEvent> | undefined): boolean {
  if (other === undefined) return true
  const difference = headMs(one) - headMs(other)
  return difference < 0 || (difference === 0 && one.blockId < other.blockId)
}
