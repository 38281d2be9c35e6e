/** A real broker on a real log in a directory of its own, and raw connections to it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { systemClock, systemRandom } from '@chronicle/base'
import { type Log, openLog } from '@chronicle/log'
import { createLogger, createRegistry, Health, type Registry, silentLogger } from '@chronicle/telemetry'
import { nodeDisk, openDiskWal, walProfiles } from '@chronicle/wal'
import {
  Broker,
  type BrokerLimits,
  createTopics,
  defaultBrokerLimits,
  defaultGroupSettings,
  fetch,
  KafkaConnection,
  produce,
  type RequestToSend,
  type ResponseReceived,
} from '../../src/index.ts'
import { batchOf } from './batches.ts'

export type TestBroker = {
  readonly broker: Broker
  readonly log: Log
  readonly port: number
  readonly registry: Registry
  readonly health: Health
  /** What the broker said at level warn and above. */
  readonly lines: Record<string, unknown>[]
  connect(): Promise<KafkaConnection>
  /** A connection whose bytes are the test's own. */
  raw(): Promise<RawConnection>
  /** The value of a metric, all its labels added up. */
  metric(name: string, labels?: Record<string, string>): Promise<number>
}

export type TestBrokerOptions = {
  readonly limits?: Partial<BrokerLimits>
  readonly autoCreateTopics?: boolean
  /** Bytes free on the disk, of which some have to be left; plenty when not given. */
  readonly freeBytes?: () => number
  /** Stands between the broker and the log. */
  readonly wrap?: (log: Log) => Log
}

export async function startBroker(context: TestContext, options: TestBrokerOptions = {}): Promise<TestBroker> {
  const directory = mkdtempSync(join(tmpdir(), 'chronicle-kafka-'))
  const registry = createRegistry()
  const { freeBytes } = options
  const disk = freeBytes ? { ...nodeDisk, freeBytes: () => Promise.resolve(freeBytes()) } : nodeDisk
  const common = { disk, clock: systemClock, random: systemRandom, registry, logger: silentLogger }
  const limits = { ...walProfiles.low, freeBytesMin: freeBytes ? 1024 : 0, prewriteBytes: 0 }
  const log = await openLog({
    ...common,
    directory,
    health: new Health(),
    openWal: args => openDiskWal({ ...common, directory: join(directory, 'wal'), limits, ...args }),
  })
  const health = new Health()
  const lines: Record<string, unknown>[] = []
  const broker = await Broker.start({
    log: options.wrap?.(log) ?? log,
    clock: systemClock,
    random: systemRandom,
    logger: createLogger({ level: 'warn', write: line => lines.push(JSON.parse(line)) }),
    registry,
    health,
    nodeId: 1,
    listener: { bindAddress: '127.0.0.1', port: 0, advertisedAddress: '127.0.0.1' },
    limits: { ...defaultBrokerLimits, ...options.limits },
    autoCreateTopics: options.autoCreateTopics ?? true,
    defaultPartitions: 1,
    groups: defaultGroupSettings,
  })
  const connections: KafkaConnection[] = []
  const raws: RawConnection[] = []
  context.after(async () => {
    for (const connection of connections) await connection.close()
    for (const raw of raws) raw.socket.destroy()
    await broker.stop()
    await log.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const { port } = broker
  return {
    broker,
    log,
    port,
    registry,
    health,
    lines,
    async connect() {
      const connection = await KafkaConnection.connect({ port, clientId: 'test' })
      connections.push(connection)
      return connection
    },
    async raw() {
      const raw = await RawConnection.open(port)
      raws.push(raw)
      return raw
    },
    metric: (name, labels) => metricOf(registry, name, labels ?? {}),
  }
}

async function metricOf(registry: Registry, name: string, labels: Record<string, string>): Promise<number> {
  const metric = (await registry.getMetricsAsJSON()).find(each => each.name === name)
  const wanted = Object.entries(labels)
  const values = metric?.values.filter(value => wanted.every(([label, is]) => value.labels[label] === is)) ?? []
  return values.reduce((sum, { value }) => sum + value, 0)
}

/** A socket that collects what it is sent. */
export class RawConnection {
  readonly socket: Socket
  readonly closed: Promise<void>
  #chunks: Buffer[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise(resolve => socket.once('close', () => resolve()))
    socket.on('error', () => undefined)
    socket.on('data', bytes => this.#chunks.push(bytes))
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => resolve(new RawConnection(socket)))
    })
  }

  write(...pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) this.socket.write(piece)
  }

  /** Everything that has come. */
  get received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  /** The correlation ids of all whole frames received so far. */
  correlationIds(): number[] {
    const ids: number[] = []
    const { received } = this
    for (let at = 0; at + 8 <= received.length; at += 4 + received.readInt32BE(at)) {
      if (at + 4 + received.readInt32BE(at) > received.length) break
      ids.push(received.readInt32BE(at + 4))
    }
    return ids
  }
}

/** `object` with some of its members replaced. */
export function overriding<T extends object>(object: T, members: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name)
      const member = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

/** Resolves when `condition` holds; fails the test when it has not come about in a long time. */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`did not come about: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

export async function makeTopic(
  to: KafkaConnection,
  name: string,
  partitions = 1,
  configs: Record<string, string> = {},
) {
  const asked = Object.entries(configs).map(([config, value]) => ({ name: config, value }))
  const topic = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: asked }
  const { topics } = await to.send(createTopics, 7, { topics: [topic] })
  if (topics[0]!.errorCode !== 0) throw new Error(`${name}: ${topics[0]!.errorMessage}`)
  return topics[0]!
}

export type ProduceRequest = RequestToSend<typeof produce>

export function produceRequest(topic: string, records: Buffer | null, more: Partial<ProduceRequest> = {}) {
  const topicData = [{ name: topic, partitionData: [{ index: 0, records }] }]
  return { acks: -1, timeoutMs: 30_000, topicData, ...more } satisfies ProduceRequest
}

/** Produces one batch to partition 0 and returns what is said of it. */
export async function produceTo(to: KafkaConnection, topic: string, records: Buffer | null = batchOf(), version = 9) {
  const { responses } = await to.send(produce, version, produceRequest(topic, records))
  return responses[0]!.partitionResponses[0]!
}

export type FetchWishes = Partial<RequestToSend<typeof fetch>> & { offset?: number; partitionMaxBytes?: number }

export function fetchRequest(topic: string, wishes: FetchWishes = {}): RequestToSend<typeof fetch> {
  const { offset = 0, partitionMaxBytes = 1024 * 1024, ...more } = wishes
  const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes }]
  return { maxWaitMs: 0, minBytes: 1, topics: [{ topic, partitions }], ...more }
}

export async function fetchFrom(from: KafkaConnection, topic: string, wishes: FetchWishes = {}, version = 12) {
  const response = await from.send(fetch, version, fetchRequest(topic, wishes))
  return partitionOf(response)
}

export function partitionOf(response: ResponseReceived<typeof fetch>) {
  return response.responses[0]!.partitions[0]!
}
