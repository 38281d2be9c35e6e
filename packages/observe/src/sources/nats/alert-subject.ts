import type { NatsConnection } from '@nats-io/transport-node'
import { alertEvent } from '../../alert-event.ts'
import type { Alert } from '../../alerts.ts'
import { eventToJson } from '../../event/index.ts'

export const alertSubject = 'swarm.system.alert'
/** Alerts that wait for the connection; past it the oldest is left out. */
const missedMax = 100

/**
 * Publishes alerts in the shape of events. One that the server did not get for want of a connection is published with the next one: whoever was told that an
 * alert stands is also told that it does not any more. It may come twice then, with the same event_id.
 */
export class AlertSubject {
  #connection: NatsConnection | undefined
  #missed: Alert[] = []

  /** Rejects when the server did not get it. */
  async publish(alert: Alert): Promise<void> {
    try {
      if (this.#connection === undefined) throw new Error('there is no connection to NATS')
      this.#connection.publish(alertSubject, eventToJson(alertEvent(alert)))
      await this.#connection.flush()
    } catch (error) {
      this.#missed = [...this.#missed, alert].slice(-missedMax)
      throw error
    }
  }

  /** Publishes by this connection from now on, first of all what was missed. Never rejects: what fails again waits again. */
  async connected(connection: NatsConnection): Promise<void> {
    this.#connection = connection
    for (const alert of this.#missed.splice(0)) await this.publish(alert).catch(() => undefined)
  }
}
