/** Gives the batches of their topic to the analysis, one after the other, each until it has it. Its group remembers how far it is. */
import type { Clock } from '@chronicle/base'
import { Consumer, type MessagesStream, MessagesStreamFallbackModes, MessagesStreamModes } from '@platformatic/kafka'
import type { EventBatch } from '../contract.ts'
import { foreignReason } from '../foreign-reason.ts'
import { Loop } from '../loop.ts'
import { stayAlive } from '../stay-alive.ts'
import { sayTrouble } from './broker-trouble.ts'
import type { BatchTaker, Subscription } from './contract.ts'
import { decodeBatch } from './topic-message.ts'
import { analysisGroup, analysisSession, clientOptions, type TopicBusOptions } from './topic-options.ts'
import { ensureTopic } from './topic-setup.ts'

/** After a refusal the same batch is given again after so many milliseconds, twice as many each time … */
const againMsMin = 100
/** … up to this many. */
const againMsMax = 30_000
const fetchesMax = 1

export class BatchReader implements Subscription {
  readonly #options: TopicBusOptions
  readonly #take: BatchTaker
  readonly #loop: Loop
  readonly #abort = new AbortController()
  readonly #closed = Promise.withResolvers<void>()
  #stream: MessagesStream<Buffer, Buffer, Buffer, Buffer> | undefined

  constructor(options: TopicBusOptions, take: BatchTaker) {
    this.#options = options
    this.#take = take
    const onFailure = sayTrouble(options.logger, 'batches could not be read')
    this.#loop = new Loop({ clock: options.clock, step: () => this.#read(), onFailure })
    this.#loop.wake()
    // Waiting for batches may be all that a program does.
    void stayAlive(this.#closed.promise)
  }

  get failure(): unknown {
    return this.#loop.failure
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#closed.resolve()
    // The loop lets go of it at the same time, which the stream takes for an error.
    await this.#stream?.close().catch(() => undefined)
    await this.#loop.stop()
  }

  get #isClosed(): boolean {
    return this.#abort.signal.aborted
  }

  async #read(): Promise<boolean> {
    const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...clientOptions(this.#options),
      groupId: analysisGroup,
      ...analysisSession,
    })
    try {
      await ensureTopic(this.#options, this.#options.topics.batches)
      this.#stream = await consumer.consume({
        topics: [this.#options.topics.batches],
        mode: MessagesStreamModes.COMMITTED,
        fallbackMode: MessagesStreamFallbackModes.EARLIEST,
        autocommit: false,
        maxFetches: fetchesMax,
      })
      this.#loop.works()
      if (this.#isClosed) await this.#stream.close()
      for await (const message of this.#stream) {
        const batch = decodeBatch(message.value)
        if (batch) await this.#give(batch)
        if (this.#isClosed) break
        await message.commit()
      }
      return !this.#isClosed
    } finally {
      this.#stream = undefined
      await Promise.allSettled([consumer.close(true)])
    }
  }

  async #give(batch: EventBatch): Promise<void> {
    for (let attempt = 0; !this.#isClosed; attempt++) {
      try {
        // Who closes does not wait for an analysis that never answers.
        return await Promise.race([this.#take(batch, this.#abort.signal), this.#closed.promise])
      } catch (error) {
        this.#options.logger.warn(
          { batch: batch.batch_id, reason: foreignReason(error) },
          'a batch was not taken, and is given again',
        )
        await pause(
          this.#options.clock,
          Math.min(againMsMax, againMsMin * 2 ** Math.min(attempt, 16)),
          this.#abort.signal,
        )
      }
    }
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      timer.cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(ms, end)
    signal.addEventListener('abort', end)
  })
}
