import type { Clock, Random } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { CheckResult, Health, Logger, Registry } from '@chronicle/telemetry'
import { createGroups, type GroupSettings, type Groups } from './groups/index.ts'
import { createHandlers, type Handlers } from './handlers/index.ts'
import type { BrokerLimits } from './limits.ts'
import { BufferPool } from './net/buffer-pool.ts'
import { ByteBudget } from './net/byte-budget.ts'
import { Listener } from './net/listener.ts'
import { BrokerMetrics } from './net/metrics.ts'
import { ReadyGate } from './net/ready-gate.ts'
import { RefusalLog } from './net/refusal-log.ts'
import { routesOf } from './net/routes.ts'

export type BrokerOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
  readonly health: Health
  readonly nodeId: number
  readonly listener: ListenerOptions
  readonly limits: BrokerLimits
  /** Make a topic that a client asks for and that does not exist [auto.create.topics.enable]. */
  readonly autoCreateTopics: boolean
  /** Partitions of topics that are made without a number [num.partitions]. */
  readonly defaultPartitions: number
  readonly groups: GroupSettings
}

/** Where connections are accepted, and what clients are told to connect to. */
export type ListenerOptions = {
  readonly bindAddress: string
  /** 0 = one that is free. */
  readonly port: number
  readonly advertisedAddress: string
  /** The port that is bound, unless given. */
  readonly advertisedPort?: number
}

/** One read of the socket brings at most this much. */
const landingBytes = 256 * 1024
/** How long `stop` waits for responses to leave. */
const drainMsMax = 3_000

/** Speaks the Kafka protocol on one port, over one log. */
export class Broker {
  readonly #listener: Listener
  readonly #handlers: Handlers
  readonly #groups: Groups

  private constructor(listener: Listener, handlers: Handlers, groups: Groups) {
    this.#listener = listener
    this.#handlers = handlers
    this.#groups = groups
  }

  get port(): number {
    return this.#listener.port
  }

  /** Resolves when connections are accepted. Rejects with 'kafka.cannot-listen' when the address cannot be bound. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const { log, clock, random, logger, registry, limits, listener: address } = options
    // Which port it is may be known only once it is bound, and no request is read before that.
    const node = {
      nodeId: options.nodeId,
      host: address.advertisedAddress,
      port: address.advertisedPort ?? address.port,
    }
    const groups = createGroups({
      log,
      clock,
      random,
      logger,
      registry,
      settings: options.groups,
      coordinator: () => node,
    })
    const handlers = createHandlers({ ...options, node }, random, groups.handlers)
    const metrics = new BrokerMetrics(registry)
    const listener = await Listener.start(
      {
        limits,
        clock,
        logger,
        refusals: new RefusalLog(logger, clock),
        metrics,
        routes: routesOf(handlers.handlers, metrics),
        gate: new ReadyGate(log),
        pool: new BufferPool(),
        landing: Buffer.allocUnsafeSlow(landingBytes),
        arriving: new ByteBudget(limits.arrivingBytesMax),
        inFlight: new ByteBudget(limits.inFlightBytesMax),
        unsent: new ByteBudget(limits.responseBytesBufferedTotalMax),
      },
      address,
    )
    node.port = address.advertisedPort ?? listener.port
    options.health.register('kafka', () => healthOf(listener, limits))
    return new Broker(listener, handlers, groups)
  }

  /** Accepts and reads nothing more, answers what was read, closes every connection. */
  async stop(): Promise<void> {
    this.#listener.drain()
    this.#handlers.stop()
    await this.#groups.stop()
    await this.#listener.stop(drainMsMax)
  }
}

function healthOf(listener: Listener, { connectionsMax }: BrokerLimits): CheckResult {
  if (!listener.isListening) return { status: 'fail', reason: 'Kafka clients cannot connect: the broker has stopped' }
  if (!listener.isFull) return { status: 'pass', reason: 'Kafka clients can connect' }
  return { status: 'warn', reason: `all ${connectionsMax} connections are taken: raise connectionsMax or close some` }
}
