import type { RequestContext } from '../handler.ts'
import type { Route } from './routes.ts'

/** What an exchange needs to know of the connection that it belongs to. */
export type ExchangeConnection = {
  readonly connectionId: number
  readonly clientHost: string
  readonly closed: AbortSignal
  readonly isClosed: boolean
}

/** One request under way, and its place in the order of responses. */
export class Exchange implements RequestContext {
  readonly route: Route
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Bytes of the request's frame. */
  readonly bytes: number
  /** Monotonic, in milliseconds. */
  readonly startedAt: number
  readonly #connection: ExchangeConnection
  /** The encoded response; undefined while there is none, null when none is sent. */
  response: { readonly pieces: readonly Uint8Array[]; readonly bytes: number } | null | undefined
  releases: (() => void)[] | undefined

  constructor(
    connection: ExchangeConnection,
    route: Route,
    apiVersion: number,
    correlationId: number,
    clientId: string | null,
    bytes: number,
    startedAt: number,
  ) {
    this.#connection = connection
    this.route = route
    this.apiVersion = apiVersion
    this.correlationId = correlationId
    this.clientId = clientId
    this.bytes = bytes
    this.startedAt = startedAt
    this.response = undefined
    this.releases = undefined
  }

  get connectionId(): number {
    return this.#connection.connectionId
  }

  get clientHost(): string {
    return this.#connection.clientHost
  }

  get closed(): AbortSignal {
    return this.#connection.closed
  }

  afterSend(release: () => void): void {
    if (this.#connection.isClosed) release()
    else if (this.releases === undefined) this.releases = [release]
    else this.releases.push(release)
  }

  /** The connection has gone: nothing will be sent. */
  drop(): void {
    const releases = this.releases
    this.releases = undefined
    if (releases !== undefined) for (const release of releases) release()
  }
}
