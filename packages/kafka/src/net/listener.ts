import { createServer, type Server, type Socket } from 'node:net'
import { messageOf, type Timer } from '@chronicle/base'
import { kafkaErrors } from '../errors.ts'
import type { Connection, ConnectionShared, Peer } from './connection.ts'
import { type OpenConnection, openConnection } from './socket.ts'

const keepAliveDelayMs = 60_000
const sweepsPerLimit = 4
const sweepMsMin = 10
const sweepMsMax = 5_000
const drainPollMs = 10

export type ListenAddress = { readonly bindAddress: string; readonly port: number }

/** Accepts connections on one address and closes those whose time is up. */
export class Listener {
  readonly #shared: ConnectionShared
  readonly #server: Server
  readonly #open = new Map<number, OpenConnection>()
  readonly #perAddress = new Map<string, number>()
  readonly #sweep: Timer
  #lastId = 0

  private constructor(shared: ConnectionShared) {
    this.#shared = shared
    this.#server = createServer(
      { pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs },
      accepted => this.#accept(accepted),
    )
    const { idleConnectionMsMax, partialFrameMsMax, sendStallMsMax } = shared.limits
    const shortestMs = Math.min(idleConnectionMsMax, partialFrameMsMax, sendStallMsMax)
    const everyMs = Math.max(sweepMsMin, Math.min(sweepMsMax, shortestMs / sweepsPerLimit))
    this.#sweep = shared.clock.every(everyMs, () => this.#checkTimes())
  }

  /** Rejects with 'kafka.cannot-listen'. */
  static async start(shared: ConnectionShared, address: ListenAddress): Promise<Listener> {
    const listener = new Listener(shared)
    try {
      await listener.#listen(address)
    } catch (error) {
      listener.#sweep.cancel()
      throw kafkaErrors.create(
        'kafka.cannot-listen',
        { address: address.bindAddress, port: address.port, reason: messageOf(error) },
        error,
      )
    }
    return listener
  }

  /** Connections are accepted; `isFull` while one more would be refused. */
  get isListening(): boolean {
    return this.#server.listening
  }

  get isFull(): boolean {
    return this.#open.size >= this.#shared.limits.connectionsMax
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : -1
  }

  #listen({ bindAddress, port }: ListenAddress): Promise<void> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: bindAddress, port, backlog: this.#shared.limits.connectionsPendingMax }, () => {
        server.off('error', reject)
        // Accepting may fail later, for want of file descriptors: those who are connected are served on.
        server.on('error', error => this.#shared.logger.error({ error }, 'cannot accept connections'))
        resolve()
      })
    })
  }

  #accept(accepted: Socket): void {
    const host = accepted.remoteAddress
    if (host === undefined) return void accepted.destroy()
    const refusal = this.#refusalOf(host)
    if (refusal !== undefined) {
      this.#shared.metrics.refused(refusal)
      this.#shared.refusals.say({ peer: host, refusal, open: this.#open.size }, 'connection refused')
      accepted.destroy()
      return
    }
    const peer: Peer = { id: ++this.#lastId, host, port: accepted.remotePort ?? 0 }
    const { socket, connection } = openConnection(this.#shared, accepted, peer)
    this.#open.set(peer.id, { connection, socket })
    this.#perAddress.set(host, (this.#perAddress.get(host) ?? 0) + 1)
    this.#shared.metrics.connections++
    socket.on('error', error => this.#shared.logger.debug({ peer: host, error }, 'connection lost'))
    socket.on('end', () => socket.destroy())
    socket.on('close', () => this.#closed(peer, connection))
    socket.resume()
  }

  /** N6: checked before anything is kept for the connection. */
  #refusalOf(host: string): 'connections' | 'connections-per-address' | undefined {
    const { connectionsPerAddressMax = Number.POSITIVE_INFINITY } = this.#shared.limits
    if (this.isFull) return 'connections'
    if ((this.#perAddress.get(host) ?? 0) >= connectionsPerAddressMax) return 'connections-per-address'
    return undefined
  }

  #closed({ id, host }: Peer, connection: Connection): void {
    connection.socketClosed()
    this.#open.delete(id)
    this.#shared.metrics.connections--
    const left = (this.#perAddress.get(host) ?? 1) - 1
    if (left === 0) this.#perAddress.delete(host)
    else this.#perAddress.set(host, left)
  }

  #checkTimes(): void {
    const now = this.#shared.clock.monotonic()
    for (const { connection } of this.#open.values()) connection.checkTimes(now)
  }

  /** Accepts and reads nothing more. */
  drain(): void {
    this.#server.close()
    for (const { connection } of this.#open.values()) connection.drain()
  }

  /** Closes every connection, those that owe responses only once they have sent them or after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    const { clock } = this.#shared
    const deadline = clock.monotonic() + withinMs
    this.drain()
    while (this.#owing() && clock.monotonic() < deadline) {
      await new Promise<void>(resolve => clock.after(drainPollMs, resolve))
    }
    this.#sweep.cancel()
    const closing = [...this.#open.values()].map(({ socket }) => new Promise<void>(done => socket.once('close', done)))
    for (const { socket } of this.#open.values()) socket.destroy()
    await Promise.all(closing)
  }

  #owing(): boolean {
    for (const { connection } of this.#open.values()) if (!connection.isIdle) return true
    return false
  }
}
