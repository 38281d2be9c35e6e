/** A real nats-server, the log side over a real log, and the source between them. */
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom, systemClock } from '@chronicle/base'
import { createLogger } from '@chronicle/telemetry'
import { type RunningNatsServer, startNatsServer } from '@chronicle/testing'
import { type ConsumerInfo, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { NatsSource, type NatsSourceOptions } from '../../src/sources/nats/source.ts'
import { type House, MemoryTables, openHouse, temporaryDirectory } from './log-house.ts'

const giveUpMs = 30_000

/** Until `isTrue`; nothing is concluded from how long it takes. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, what = isTrue.toString()): Promise<void> {
  const giveUpAt = Date.now() + giveUpMs
  while (!(await isTrue())) {
    if (Date.now() > giveUpAt) throw new Error(`it did not happen: ${what}`)
    await sleep(10)
  }
}

export type NatsHouse = {
  readonly server: RunningNatsServer
  readonly house: House
  readonly tables: MemoryTables
  /** Log lines of the source. */
  readonly lines: string[]
  /** A client of the test's own. */
  readonly client: NatsConnection
  /** To the log side, unless `more` says otherwise. */
  startSource(more?: Partial<NatsSourceOptions>): NatsSource
  publish(subject: string, body: string | Uint8Array): Promise<void>
  consumer(stream: string): Promise<ConsumerInfo>
}

export type NatsOpening = {
  readonly bufferEventsMax?: number
  readonly directory?: string
  /** Runs between the start of the server and that of the log side. */
  readonly before?: (server: RunningNatsServer) => Promise<void>
}

export async function openNatsHouse(
  t: TestContext,
  { bufferEventsMax = 10_000, directory = temporaryDirectory(t), before }: NatsOpening = {},
): Promise<NatsHouse> {
  const server = await startNatsServer()
  await before?.(server)
  const tables = new MemoryTables()
  const house = await openHouse({
    directory,
    tables,
    settings: { flushThreshold: 1, bufferEventsMax },
  })
  const client = await connect({ servers: `127.0.0.1:${server.port}`, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  const sources: NatsSource[] = []
  const lines: string[] = []
  t.after(async () => {
    await Promise.all(sources.map(source => source.stop()))
    await client.close()
    await house.stop()
    await server.stop()
  })
  const startSource = (more: Partial<NatsSourceOptions> = {}): NatsSource => {
    const { intake, deadLetters, alerts, registry, health } = house
    const logger = createLogger({ level: 'debug', clock: systemClock, write: line => void lines.push(line) })
    const effects = { clock: systemClock, random: seededRandom(1), logger, registry, health }
    const usual = { url: server.url, missingStreams: 'create' as const, ackWaitMs: 2_000, bufferEventsMax }
    const source = new NatsSource({ ...effects, ...usual, intake, deadLetters, alerts, ...more })
    sources.push(source)
    return source
  }
  return {
    server,
    house,
    tables,
    lines,
    client,
    startSource,
    publish: async (subject, body) => void (await jetstream(client).publish(subject, body)),
    consumer: async stream => (await jetstreamManager(client)).consumers.info(stream, `chronicle-${stream}`),
  }
}

export const isReading = (source: NatsSource): boolean =>
  source.status.state === 'connected' && source.status.streams.every(({ state }) => state === 'reading')
