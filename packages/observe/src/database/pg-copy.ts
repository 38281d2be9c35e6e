import pg from 'pg'
import { calling } from './failure.ts'

/** What of the driver's connection a COPY needs; its own types leave it out. */
type CopyConnection = { sendCopyFromChunk(rows: Uint8Array): void; endCopyFrom(): void }

/** A statement that the server answers by asking for rows. The driver's own refuses to give any. */
class CopyIn extends pg.Query {
  readonly #rows: Uint8Array
  readonly #onSent: () => void

  constructor(sql: string, rows: Uint8Array, onSent: () => void, onEnd: (error: Error | undefined) => void) {
    super(sql, onEnd)
    this.#rows = rows
    this.#onSent = onSent
  }

  /** Called by the driver when the server is ready for rows. */
  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(this.#rows)
    connection.endCopyFrom()
    this.#onSent()
  }
}

/** Runs a `copy … from stdin`. Resolves when the rows were handed over, `done` when the server has taken them; where it refuses to begin both reject. */
export async function copyIn(client: pg.PoolClient, sql: string, rows: Uint8Array): Promise<{ done: Promise<void> }> {
  const sent = Promise.withResolvers<void>()
  const done = calling(
    () =>
      new Promise<void>((resolve, reject) => {
        client.query(new CopyIn(sql, rows, sent.resolve, error => (error ? reject(error) : resolve())))
      }),
  )
  // Whoever comes to wait for it hears of its failure; until then nobody does.
  done.catch(() => undefined)
  await Promise.race([sent.promise, done])
  return { done }
}
