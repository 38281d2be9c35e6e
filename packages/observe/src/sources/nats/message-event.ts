import type { JsMsg } from '@nats-io/jetstream'
import type { DeadLetter, RefusedEvent, SwarmEvent } from '../../contract.ts'
import { eventFromJson, uuidFrom } from '../../event/index.ts'
import { deliveriesMax, type SwarmStream } from './streams.ts'

export type NatsMessage = Pick<JsMsg, 'data' | 'timestampNanos'> & {
  readonly info: Pick<JsMsg['info'], 'streamSequence' | 'deliveryCount'>
}

/**
 * The event that a message holds, or why it holds none. What it lacks follows from where it stands in its stream and when it came there, so that a redelivery is
 * the same event, or the same dead letter (OS2).
 */
export function readMessage(stream: SwarmStream, message: NatsMessage): SwarmEvent | DeadLetter {
  const place = placeOf(stream, message)
  const receivedMicros = Number(message.timestampNanos / 1000n)
  const found = parse(stream, message, place, receivedMicros)
  if ('eventId' in found) return found
  const { isDeadLetter, name } = stream
  return {
    id: uuidFrom(`refused ${place}`),
    reason: found.reason,
    detail: found.detail,
    source: `nats:${name}/${message.info.streamSequence}`,
    atMicros: receivedMicros,
    raw: message.data,
    isDeadLetter,
  }
}

function parse(
  { isDeadLetter }: SwarmStream,
  { data, info }: NatsMessage,
  place: string,
  receivedMicros: number,
): SwarmEvent | RefusedEvent {
  // OS3: it may be what ends the process each time, so it is not even looked at.
  if (info.deliveryCount > deliveriesMax) {
    return { reason: 'redelivered', detail: `it came ${deliveriesMax} times without being taken in` }
  }
  return eventFromJson(data, { receivedMicros, eventId: () => uuidFrom(place), isDeadLetter })
}

/** The time is for a stream that is made again: its sequence begins anew. */
function placeOf({ name }: SwarmStream, { info, timestampNanos }: NatsMessage): string {
  return `nats ${name}/${info.streamSequence}/${timestampNanos}`
}
