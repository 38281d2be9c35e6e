import { type Clock, messageOf, type Random } from '@chronicle/base'
import { Gauge, type Logger, type Registry } from '@chronicle/telemetry'

/** What alerts are about, and what they tell people. */
const meanings = {
  write_failure: 'The tables do not take events. The log keeps them, and they are written when the database is back',
  read_failure: 'A partition of the log cannot be read. Run `chronicle fsck`; other partitions go on',
  buffer_full: 'More events wait for the tables than BUFFER_MAX_SIZE allows. HTTP, OTLP and NATS are held back',
  events_dropped: 'The oldest events that waited were left out of the tables, as BUFFER_OVERFLOW=drop-oldest asks for',
  records_expired: 'Retention removed records before the tables had them. They are not in the tables and will not be',
} as const

export type AlertName = keyof typeof meanings
export const alertNames = Object.keys(meanings) as readonly AlertName[]

/** One alert, raised or cleared. */
export type Alert = {
  readonly name: AlertName
  readonly state: 'raised' | 'cleared'
  /** A UUID of the whole occurrence: raising and clearing have the same. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** For people: what is wrong, and facts that belong to it. */
  readonly detail: string
}

/** Carries alerts elsewhere. What it throws or rejects with is logged: an alert that does not arrive stops nothing. */
export type AlertPublisher = (alert: Alert) => void | Promise<void>

export type AlertsOptions = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly registry: Registry
}

/** The alerts that stand. Each is said once when it is raised and once when it is cleared (OL7): in the log, in the metrics, and by every publisher. */
export class Alerts {
  readonly #options: AlertsOptions
  readonly #standing = new Map<AlertName, Alert>()
  readonly #publishers = new Set<AlertPublisher>()
  readonly #gauge: Gauge

  constructor(options: AlertsOptions) {
    this.#options = options
    this.#gauge = new Gauge({
      name: 'chronicle_observe_alert',
      help: '1 while the alert stands, 0 otherwise',
      labelNames: ['alert'],
      registers: [options.registry],
    })
    for (const alert of alertNames) this.#gauge.set({ alert }, 0)
  }

  get standing(): readonly Alert[] {
    return [...this.#standing.values()]
  }

  /** `fact` belongs to this occurrence: a number, a name, the message of an error. Never content of events. */
  raise(name: AlertName, fact: string): void {
    if (this.#standing.has(name)) return
    const { clock, random } = this.#options
    const detail = `${meanings[name]} (${fact})`
    const alert: Alert = { name, state: 'raised', id: random.uuid(), at: clock.now(), detail }
    this.#standing.set(name, alert)
    this.#say(alert)
  }

  clear(name: AlertName): void {
    const raised = this.#standing.get(name)
    if (raised === undefined) return
    this.#standing.delete(name)
    this.#say({ ...raised, state: 'cleared', at: this.#options.clock.now() })
  }

  /** `publish` is told of what stands, and of every change from now on. Returns how to stop that. */
  publishTo(publish: AlertPublisher): () => void {
    this.#publishers.add(publish)
    for (const alert of this.#standing.values()) this.#publish(publish, alert)
    return () => void this.#publishers.delete(publish)
  }

  #say(alert: Alert): void {
    const { name, state, detail } = alert
    const { logger } = this.#options
    if (state === 'raised') logger.error({ alert: name }, `alert raised: ${detail}`)
    else logger.info({ alert: name }, 'alert cleared')
    this.#gauge.set({ alert: name }, state === 'raised' ? 1 : 0)
    for (const publish of this.#publishers) this.#publish(publish, alert)
  }

  async #publish(publish: AlertPublisher, alert: Alert): Promise<void> {
    try {
      await publish(alert)
    } catch (error) {
      this.#options.logger.warn({ alert: alert.name, reason: messageOf(error) }, 'an alert could not be published')
    }
  }
}
