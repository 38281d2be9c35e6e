import type { Clock, Random } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Health, Logger, Registry } from '@chronicle/telemetry'
import type { GroupSettings } from './groups/index.ts'
import type { BrokerLimits } from './limits.ts'

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

/** Speaks the Kafka protocol on one port, over one log. */
export class Broker {
  readonly port: number

  private constructor(port: number) {
    this.port = port
  }

  /** Resolves when connections are accepted. Rejects with 'kafka.cannot-listen' when the address cannot be bound. */
  static async start(options: BrokerOptions): Promise<Broker> {
    return new Broker(options.listener.port)
  }

  /** Accepts nothing more, answers what was read, closes every connection. */
  async stop(): Promise<void> {}
}
