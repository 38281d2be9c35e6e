import type { Clock, Random } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { type Consumer, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { Backoff } from '../../backoff.ts'
import type { DeadLetter, DeadLetterSink, SwarmEvent } from '../../contract.ts'
import { observeErrors } from '../../errors.ts'
import type { Pausing } from '../pausing.ts'
import { readMessage } from './message-event.ts'
import { reasonOf } from './reason.ts'
import { ackWaitMsDefault, consumerOf, type MissingStreams, prepareStream, type SwarmStream } from './streams.ts'

/** Messages in hand at once: with a server's usual limit of 1 MB a message, at most 100 MB. */
const messagesMax = 100
/** One request for messages; the next follows at once. Servers before 2.10 want 1 s at least. */
const fetchMs = 5_000
/** What is in hand is said to be so this often in that time, or it would be delivered again. */
const workingPerWait = 3
const connectionWaits = { firstMs: 500, waitMsMax: 15_000 }
/** Room in the buffer comes with the next batch that is written. */
const intakeWaits = { firstMs: 200, waitMsMax: 5_000 }

/** `reading`: messages come in. `held`: the log or its buffer does not take them. `waiting`: the stream cannot be read. */
export type StreamState = 'starting' | 'reading' | 'held' | 'waiting'
export type StreamStatus = { readonly stream: string; readonly state: StreamState; readonly reason?: string }

export type StreamReaderOptions = {
  readonly intake: { take(events: readonly SwarmEvent[]): Promise<void> }
  readonly deadLetters: DeadLetterSink
  readonly bufferEventsMax: number
  readonly missingStreams: MissingStreams
  /** How long the server waits for an acknowledgement, or for a word that we are at it, before it delivers again; without it {@link ackWaitMsDefault}. */
  readonly ackWaitMs?: number
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly pausing: Pausing
  /** Told of messages that were acknowledged. */
  readonly onTaken: (stream: string, events: number, deadLetters: number) => void
}

/** Brings the messages of one stream to the log, in their order, and acknowledges each once it is durable there (OS1). */
export class StreamReader {
  readonly #stream: SwarmStream
  readonly #options: StreamReaderOptions
  readonly #ackWaitMs: number
  readonly #connecting: Backoff
  /** What came and is not acknowledged. */
  readonly #inHand = new Set<JsMsg>()
  #state: StreamState = 'starting'
  #reason: string | undefined

  constructor(stream: SwarmStream, options: StreamReaderOptions) {
    this.#stream = stream
    this.#options = options
    this.#ackWaitMs = options.ackWaitMs ?? ackWaitMsDefault
    this.#connecting = new Backoff(options.random, connectionWaits)
  }

  get status(): StreamStatus {
    const reason = this.#reason
    return { stream: this.#stream.name, state: this.#state, ...(reason === undefined ? {} : { reason }) }
  }

  /** Reads until the connection is closed for good or everything stops; a stream that cannot be read is tried again (OS5). Never rejects. */
  async run(connection: NatsConnection): Promise<void> {
    const { pausing, clock } = this.#options
    const working = clock.every(this.#ackWaitMs / workingPerWait, () => this.#each(message => message.working()))
    while (!pausing.isStopping && !connection.isClosed()) {
      try {
        await this.#read(connection)
      } catch (error) {
        if (pausing.isStopping) break
        const waitMs = this.#connecting.failed()
        this.#now('waiting', error)
        await pausing.pause(waitMs)
      }
    }
    working.cancel()
  }

  async #read(connection: NatsConnection): Promise<void> {
    const { pausing, missingStreams, bufferEventsMax } = this.#options
    await prepareStream(await jetstreamManager(connection), this.#stream, {
      missingStreams,
      ackWaitMs: this.#ackWaitMs,
    })
    const consumer = await jetstream(connection).consumers.get(this.#stream.name, consumerOf(this.#stream))
    const limit = Math.min(messagesMax, bufferEventsMax)
    this.#now('reading')
    while (!pausing.isStopping && !connection.isClosed()) {
      await this.#round(consumer, limit)
      this.#connecting.succeeded()
    }
  }

  /** What one request brings. The next is made when all of it is in the log: that holds the stream back (OS4). */
  async #round(consumer: Consumer, limit: number): Promise<void> {
    const { pausing } = this.#options
    const messages = await consumer.fetch({ max_messages: limit, expires: fetchMs })
    const forget = pausing.onStop(() => messages.stop())
    const gathered: JsMsg[] = []
    let taking: Promise<void> | undefined
    const takeAll = async (): Promise<void> => {
      try {
        while (gathered.length > 0 && !pausing.isStopping) await this.#take(gathered.splice(0))
      } catch (error) {
        messages.stop(error as Error)
      } finally {
        taking = undefined
      }
    }
    try {
      for await (const message of messages) {
        this.#inHand.add(message)
        gathered.push(message)
        // What comes while the disk is at it goes together.
        taking ??= takeAll()
      }
    } finally {
      forget()
      await taking
      // What was not taken is delivered again at once, to whoever reads next.
      this.#each(message => message.nak())
      this.#inHand.clear()
    }
  }

  /** Returns without an acknowledgement when everything stops before the log has them. */
  async #take(messages: readonly JsMsg[]): Promise<void> {
    const { deadLetters, intake, onTaken } = this.#options
    const read = messages.map(message => readMessage(this.#stream, message))
    const events = read.filter(isEvent)
    const letters = read.filter((found): found is DeadLetter => !isEvent(found))
    if (!(await this.#untilDurable(() => deadLetters.add(letters)))) return
    if (!(await this.#untilDurable(() => intake.take(events)))) return
    // OS1: from here on the log has all of them.
    for (const message of messages) this.#acknowledge(message)
    onTaken(this.#stream.name, events.length, letters.length)
  }

  /** Tries until the log has it. False when everything stops before: then it is delivered again. */
  async #untilDurable(append: () => Promise<void>): Promise<boolean> {
    const { random, pausing } = this.#options
    const backoff = new Backoff(random, intakeWaits)
    for (;;) {
      try {
        await append()
        if (backoff.failures > 0) this.#now('reading')
        return true
      } catch (error) {
        this.#now('held', error)
        if (!(await pausing.pause(backoff.failed()))) return false
      }
    }
  }

  #acknowledge(message: JsMsg): void {
    this.#inHand.delete(message)
    quietly(() => message.ack())
  }

  #each(say: (message: JsMsg) => void): void {
    for (const message of this.#inHand) quietly(() => say(message))
  }

  #now(state: StreamState, error?: unknown): void {
    const reason = error === undefined ? undefined : reasonOf(error)
    if (state === this.#state && reason === this.#reason) return
    this.#state = state
    this.#reason = reason
    const fields = { stream: this.#stream.name, state, ...(reason === undefined ? {} : { reason }) }
    if (state === 'reading') this.#options.logger.info(fields, 'a NATS stream is read')
    else if (observeErrors.is(error) && error.code === 'observe.busy')
      this.#options.logger.info(fields, 'a NATS stream is held back')
    else this.#options.logger.warn(fields, 'a NATS stream is not read; it is tried again')
  }
}

const isEvent = (found: SwarmEvent | DeadLetter): found is SwarmEvent => 'eventId' in found

/** Words to a server that is gone: it delivers again, and what is delivered again changes nothing (OS2). */
function quietly(say: () => void): void {
  try {
    say()
  } catch {
    // Said above.
  }
}
