import type { Stoppable } from '@chronicle/base'
import { Counter, type Health, type Registry } from '@chronicle/telemetry'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { Alert, Alerts } from '../../alerts.ts'
import { Backoff } from '../../backoff.ts'
import { Pausing } from '../pausing.ts'
import { type NatsAddress, parseNatsUrl } from './address.ts'
import { AlertSubject } from './alert-subject.ts'
import { reasonOf } from './reason.ts'
import { StreamReader, type StreamReaderOptions, type StreamStatus } from './stream-reader.ts'
import { swarmStreams } from './streams.ts'

const connectMsMax = 5_000
const firstWaits = { firstMs: 500, waitMsMax: 15_000 }
const reconnectWaitMs = 1_000
/** What a stop waits for: acknowledgements that are on their way. */
const drainMsMax = 2_000
/** And for all of it, where NATS does not answer what was asked before. */
const stopMsMax = 3_000
const connectionName = 'chronicle'

export type NatsSourceOptions = Omit<StreamReaderOptions, 'pausing' | 'onTaken'> & {
  /** It may hold a password: it is never shown. A function is asked before each attempt to connect. */
  readonly url: string | (() => Promise<string>)
  readonly alerts: Pick<Alerts, 'publishTo'>
  readonly registry: Registry
  readonly health: Health
}

export type NatsStatus = {
  readonly state: 'connecting' | 'connected' | 'stopped'
  /** Why there is no connection. */
  readonly reason?: string
  readonly streams: readonly StreamStatus[]
}

/** Reads the swarm's streams from NATS JetStream into the log, and publishes alerts there. Connects, and connects again, for ever (OS5). */
export class NatsSource implements Stoppable {
  readonly #options: NatsSourceOptions
  readonly #address: () => Promise<NatsAddress>
  readonly #alerts = new AlertSubject()
  readonly #pausing: Pausing
  readonly #readers: readonly StreamReader[]
  readonly #running: Promise<void>
  #state: NatsStatus['state'] = 'connecting'
  #reason: string | undefined

  /** Begins at once. Throws 'observe.invalid-nats-url'. */
  constructor(options: NatsSourceOptions) {
    this.#options = options
    this.#address = addressOf(options.url)
    this.#pausing = new Pausing(options.clock)
    const onTaken = counting(options.registry)
    this.#readers = swarmStreams.map(
      stream => new StreamReader(stream, { ...options, onTaken, pausing: this.#pausing }),
    )
    registerHealth(options.health, () => this.status)
    this.#running = this.#run()
  }

  get status(): NatsStatus {
    const reason = this.#reason
    const streams = this.#readers.map(({ status }) => status)
    return { state: this.#state, streams, ...(reason === undefined ? {} : { reason }) }
  }

  /** Takes in nothing more, waits for what is being written to the log and acknowledges it. What NATS is not told by {@link stopMsMax} comes again. */
  async stop(): Promise<void> {
    this.#pausing.stop()
    await this.#inTime(this.#running, stopMsMax)
    this.#state = 'stopped'
  }

  async #run(): Promise<void> {
    const backoff = new Backoff(this.#options.random, firstWaits)
    const stopAlerts = this.#options.alerts.publishTo((alert: Alert) => this.#alerts.publish(alert))
    while (!this.#pausing.isStopping) {
      try {
        const connection = await this.#connect()
        backoff.succeeded()
        await this.#use(connection)
      } catch (error) {
        this.#disconnected(reasonOf(error))
        await this.#pausing.pause(backoff.failed())
      }
    }
    stopAlerts()
  }

  async #connect(): Promise<NatsConnection> {
    return connect({
      ...(await this.#address()),
      name: connectionName,
      timeout: connectMsMax,
      // Where the URL is asked for it may be another one by now.
      reconnect: typeof this.#options.url === 'string',
      maxReconnectAttempts: -1,
      reconnectTimeWait: reconnectWaitMs,
      // A password that is wrong now may be right when the server has read its file again.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    })
  }

  async #use(connection: NatsConnection): Promise<void> {
    this.#connected()
    const watching = this.#watch(connection)
    await this.#alerts.connected(connection)
    await Promise.all(this.#readers.map(reader => reader.run(connection)))
    await this.#close(connection)
    await watching
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#disconnected('the connection broke')
      if (status.type === 'error')
        this.#options.logger.warn({ reason: reasonOf(status.error) }, 'NATS reports an error')
      if (status.type === 'reconnect') {
        this.#connected()
        await this.#alerts.connected(connection)
      }
    }
  }

  async #close(connection: NatsConnection): Promise<void> {
    // A drain without a connection waits for one.
    await this.#inTime(
      connection.drain().catch(() => undefined),
      drainMsMax,
    )
    await connection.close()
  }

  async #inTime(work: Promise<void>, limitMs: number): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = this.#options.clock.after(limitMs, late.resolve)
    await Promise.race([work, late.promise])
    timer.cancel()
  }

  #connected(): void {
    this.#state = 'connected'
    this.#reason = undefined
    this.#options.logger.info({}, 'connected to NATS')
  }

  #disconnected(reason: string): void {
    if (this.#pausing.isStopping) return
    if (this.#reason !== reason) this.#options.logger.warn({ reason }, 'not connected to NATS; it is tried again')
    this.#state = 'connecting'
    this.#reason = reason
  }
}

/** Throws 'observe.invalid-nats-url' at once where the URL stands. */
function addressOf(url: NatsSourceOptions['url']): () => Promise<NatsAddress> {
  if (typeof url === 'function') return async () => parseNatsUrl(await url())
  const address = parseNatsUrl(url)
  return async () => address
}

function counting(registry: Registry): StreamReaderOptions['onTaken'] {
  const counter = new Counter({
    name: 'chronicle_observe_nats_messages_total',
    help: 'Messages of NATS streams that were acknowledged, by what became of them',
    labelNames: ['stream', 'outcome'],
    registers: [registry],
  })
  return (stream, events, deadLetters) => {
    counter.inc({ stream, outcome: 'event' }, events)
    counter.inc({ stream, outcome: 'dead_letter' }, deadLetters)
  }
}

function registerHealth(health: Health, status: () => NatsStatus): void {
  health.register('nats', () => {
    const { state, reason, streams } = status()
    if (state === 'stopped') return { status: 'warn', reason: 'stopped' }
    if (state === 'connecting')
      return { status: 'warn', reason: `Not connected, it is tried again: ${reason ?? 'the first time'}` }
    const troubled = streams.filter(stream => stream.state !== 'reading')
    if (troubled.length === 0) return { status: 'pass', reason: `${streams.length} streams are read` }
    return { status: 'warn', reason: troubled.map(sentence).join('; ') }
  })
}

const sentence = ({ stream, state, reason }: StreamStatus): string =>
  `${stream} is ${state}${reason === undefined ? '' : `: ${reason}`}`
