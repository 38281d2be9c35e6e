import type { Api, RequestOf, ResponseOf } from './codec/schema.ts'

/** Who asks, and in which version. */
export type RequestContext = {
  readonly apiVersion: number
  readonly clientId: string | null
  /** Stable for the life of a connection. */
  readonly connectionId: number
  /** Host part of the peer's address, as `/127.0.0.1` is shown by Kafka's tools. */
  readonly clientHost: string
  /** Aborted when the connection goes: a long poll gives up its resources then. */
  readonly closed: AbortSignal
  /**
   * Runs when the response has left the socket, or the connection has gone: releases what the response's records point into.
   */
  afterSend(release: () => void): void
}

/** Thrown to close the connection without an answer: a Produce with acks=0 has no other way to say that it failed. */
export class Disconnect extends Error {
  override readonly name = 'Disconnect'
}

/**
 * Answers one API. A thrown or rejected error closes nothing, but for {@link Disconnect}: it is logged and answered with UNKNOWN_SERVER_ERROR where the
 * response has a place for it. `undefined` sends no response (Produce with acks=0).
 */
export type Handler<A extends Api = Api> = {
  readonly api: A
  handle(request: RequestOf<A>, context: RequestContext): ResponseOf<A> | undefined | Promise<ResponseOf<A> | undefined>
}

/** Ties a function to its API, so that both are type-checked together. */
export function handler<A extends Api>(api: A, handle: Handler<A>['handle']): Handler<A> {
  return { api, handle }
}
