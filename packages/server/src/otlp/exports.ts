/** What OTLP's two protocols have in common: a request becomes events, and is answered once they are durable. */
import { ChronicleError, type Clock } from '@chronicle/base'
import { type EventIntake, type ExportedTraces, eventsOfTraces, type OtlpEncoding } from '@chronicle/observe'
import type { Logger, Registry } from '@chronicle/telemetry'
import { serverErrors } from '../errors.ts'
import { type BodyBounds, BodyBudgets, withinBudgets } from '../http/body-budgets.ts'
import { arriving, memoryBytesPerByte, requestBytesMax, working } from './limits.ts'
import { OtlpMetrics, type Transport } from './metrics.ts'
import { type Refusal, refusalOf } from './refusal.ts'
import { type Compression, unpack } from './unpack.ts'

/** A request whose body has not been read yet. */
export type ExportRequest = {
  readonly encoding: OtlpEncoding
  readonly compression: Compression | undefined
  /** Undefined where the client does not say. */
  readonly announcedBytes: number | undefined
  /** The whole body as it came, at most {@link requestBytesMax}; called once there is room for it. */
  readonly read: () => Promise<Buffer>
}

/** What is answered: which spans were rejected, one by one. */
export type Taken = Omit<ExportedTraces, 'events'>

export type ExportsOptions = {
  readonly intake: Pick<EventIntake, 'take'>
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
}

/** Takes the export requests of both protocols in, within bounds that they share (S20). */
export class TraceExports {
  readonly #options: ExportsOptions
  readonly #metrics: OtlpMetrics
  readonly #bounds: BodyBounds

  constructor(options: ExportsOptions) {
    this.#options = options
    this.#metrics = new OtlpMetrics(options.registry)
    const budgets = new BodyBudgets({ arriving, working }, options.clock)
    this.#bounds = { budgets, bytesMax: requestBytesMax, memoryBytesPerByte }
  }

  /** Resolves once every span that was not rejected is durable (OL1). Rejects with what {@link refused} takes: nothing may have been kept then. */
  async take(request: ExportRequest, transport: Transport): Promise<Taken> {
    const { announcedBytes, compression, encoding } = request
    const body = {
      announcedBytes,
      read: () => arrived(request.read),
      unpack: compression && ((packed: Buffer) => unpack(packed, compression)),
    }
    return withinBudgets(body, this.#bounds, async unpacked => {
      const { events, ...taken } = eventsOfTraces(unpacked, encoding, this.#options.clock.now() * 1000)
      await this.#options.intake.take(events)
      this.#metrics.taken(transport, taken)
      return taken
    })
  }

  /** How a request that was not taken is answered. Counted, and logged where the failure is ours. */
  refused(error: unknown, transport: Transport): Refusal {
    const refusal = refusalOf(error)
    this.#metrics.refused(transport, refusal.outcome)
    if (refusal.outcome === 'failed') this.#options.logger.error({ error, transport }, 'an OTLP request failed')
    return refusal
  }
}

/** What a client breaks off is no failure of ours. Rejects as `read` does, with an error of ours. */
export async function arrived<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ChronicleError) throw error
    throw serverErrors.create('server.bad-request', { reason: 'the connection ended before the request' }, error)
  }
}
