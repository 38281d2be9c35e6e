import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { observeErrors } from '../../errors.ts'

export type SwarmStream = {
  readonly name: string
  readonly subjects: readonly string[]
  /** What comes in it are dead letters of the swarm itself. */
  readonly isDeadLetter: boolean
}

/** Everything that the swarm publishes. */
export const swarmStreams: readonly SwarmStream[] = [
  { name: 'TASK_EVENTS', subjects: ['swarm.task.>'], isDeadLetter: false },
  { name: 'SYSTEM_EVENTS', subjects: ['swarm.agent.>', 'swarm.system.>', 'swarm.lifecycle.>'], isDeadLetter: false },
  { name: 'DLQ', subjects: ['dlq.>'], isDeadLetter: true },
]

/** Whether a stream that is not there is made, or waited for. */
export type MissingStreams = 'create' | 'wait'

/** After this long without an acknowledgement or a word that we are at it, a message is delivered again. */
export const ackWaitMsDefault = 30_000
/** One delivery and three redeliveries. */
export const deliveriesMax = 4

export const consumerOf = ({ name }: SwarmStream): string => `chronicle-${name}`

/**
 * Makes sure that the stream is there, and our durable consumer of it. A stream that somebody set up stays as it is. Rejects with 'observe.nats-stream-missing',
 * or as the server answers.
 *
 * The consumer has no limit of deliveries, and no filter: past its limit a server stops delivering without a word, and nobody would know of the message; what
 * comes too often is put to the dead letters by us (OS3).
 */
export async function prepareStream(
  manager: JetStreamManager,
  stream: SwarmStream,
  { missingStreams, ackWaitMs }: { readonly missingStreams: MissingStreams; readonly ackWaitMs: number },
): Promise<void> {
  const { name, subjects } = stream
  if (!(await isThere(manager.streams.info(name), JetStreamApiCodes.StreamNotFound))) {
    if (missingStreams === 'wait') throw observeErrors.create('observe.nats-stream-missing', { stream: name })
    await manager.streams.add({ name, subjects: [...subjects] })
  }
  const durable = consumerOf(stream)
  const changeable = { ack_wait: nanos(ackWaitMs), max_deliver: -1 }
  if (await isThere(manager.consumers.info(name, durable), JetStreamApiCodes.ConsumerNotFound)) {
    await manager.consumers.update(name, durable, changeable)
  } else {
    const fixed = { durable_name: durable, ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.All }
    await manager.consumers.add(name, { ...fixed, ...changeable })
  }
}

async function isThere(info: Promise<unknown>, notFound: number): Promise<boolean> {
  try {
    await info
    return true
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === notFound) return false
    throw error
  }
}
