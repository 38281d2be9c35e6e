/** A day of a swarm, sent through several sources at once. */
import { seededRandom } from '@chronicle/base'
import { type Database, openDatabase } from '@chronicle/observe'
import {
  type Delivery,
  type SwarmDay,
  type SwarmOptions,
  storedTables,
  swarmDay,
  swarmTables,
  tableDifferences,
} from '@chronicle/testing'
import { isJson, type Sender } from './senders.ts'

export const swarmSeed = Number(process.env.SWARM_SEED ?? Date.now() % 1_000_000)

const dayMs = 86_400_000
/** What one sender sends at once: now one event, now many. */
const togetherMax = 40

/** Eight hours that crossed midnight in UTC, the last that are wholly over: retention would leave older events out. */
export function recentDay(options: Partial<SwarmOptions> = {}): SwarmDay {
  const midnight = Math.floor((Date.now() - 4 * 3_600_000) / dayMs) * dayMs
  return swarmDay({ seed: swarmSeed, startMs: midnight - 6 * 3_600_000, ...options })
}

type Lane = { readonly sender: Sender; readonly deliveries: readonly Delivery[]; sent: number }

/** A day on its way, each of its deliveries by one of the senders. */
export class Load {
  readonly #int: (limit: number) => number
  readonly #lanes: readonly Lane[]

  constructor(day: SwarmDay, senders: readonly Sender[]) {
    const { int } = seededRandom(day.options.seed)
    this.#int = int
    const bySender = Map.groupBy(day.deliveries, delivery => chosen(delivery, senders, int))
    this.#lanes = [...bySender].map(([sender, deliveries]) => ({ sender, deliveries, sent: 0 }))
  }

  /** Sends on until this part of the day has been sent, all senders at once. Resolves when all of it is acknowledged. */
  async upTo(part: number): Promise<void> {
    await Promise.all(this.#lanes.map(lane => this.#go(lane, Math.ceil(part * lane.deliveries.length))))
  }

  /** Dead letters that come of what was sent and is no event: over HTTP the same bytes are one, and what is no JSON is none. */
  get letters(): number {
    return this.#lanes.reduce((sum, { sender, deliveries, sent }) => {
      const broken = deliveries.slice(0, sent).filter(({ event }) => event === undefined)
      if (sender.name !== 'HTTP') return sum + broken.length
      return (
        sum + new Set(broken.filter(({ body }) => isJson(body)).map(({ body }) => Buffer.from(body).toString())).size
      )
    }, 0)
  }

  async #go(lane: Lane, end: number): Promise<void> {
    while (lane.sent < end) {
      const together = lane.deliveries.slice(lane.sent, Math.min(end, lane.sent + 1 + this.#int(togetherMax)))
      await lane.sender.send(together)
      lane.sent += together.length
    }
  }
}

/** HTTP has no way to say that an event is a dead letter of the swarm. */
function chosen(delivery: Delivery, senders: readonly Sender[], int: (limit: number) => number): Sender {
  const able = senders.filter(({ name }) => name !== 'HTTP' || !delivery.subject.startsWith('dlq.'))
  return able[int(able.length)]!
}

/** How many events of agents a PostgreSQL has. */
export async function storedEvents(url: string): Promise<number> {
  const database = await openDatabase({ url })
  try {
    const [row] = await database.query<{ count: number }>(
      `select count(*) from swarm_events where source <> 'chronicle'`,
    )
    return row!.count
  } finally {
    await database.close()
  }
}

/** What the tables of a database have otherwise than the model of the day; alerts are events of the server's own and are left out. */
export async function differences(place: Parameters<typeof openDatabase>[0], day: SwarmDay): Promise<string[]> {
  const database: Database = await openDatabase(place)
  try {
    const stored = await storedTables(database)
    const own = new Set(stored.events.filter(({ source }) => source === 'chronicle').map(({ trace_id }) => trace_id))
    const others = <Row extends { trace_id: string }>(rows: readonly Row[]): Row[] =>
      rows.filter(row => !own.has(row.trace_id))
    const actual = { ...stored, events: others(stored.events), traces: others(stored.traces) }
    return tableDifferences(actual, swarmTables(day.events))
  } finally {
    await database.close()
  }
}
