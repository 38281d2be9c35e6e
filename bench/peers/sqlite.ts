/** Rows in a bare SQLite file, WAL mode, a commit that does not wait for the disk: what a program would write first that has to keep events. */
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { CaptureEvent } from '../load/capture-events.ts'

const table = `CREATE TABLE events (
  id TEXT NOT NULL, timestamp INTEGER NOT NULL, session_id TEXT NOT NULL, event_type TEXT NOT NULL, data TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_time ON events (session_id, timestamp);`

export class BareSqlite {
  readonly #file: DatabaseSync
  readonly #insert
  readonly #select

  constructor(directory: string) {
    this.#file = new DatabaseSync(path.join(directory, 'bare.db'))
    this.#file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    this.#file.exec(table)
    this.#insert = this.#file.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)')
    this.#select = this.#file.prepare(
      'SELECT id, timestamp, event_type, data FROM events WHERE session_id = ? AND timestamp >= ? AND timestamp < ? ORDER BY timestamp',
    )
  }

  /** So many events in each transaction. */
  insert(events: readonly CaptureEvent[], perTransaction: number): void {
    for (let at = 0; at < events.length; at += perTransaction) {
      this.#file.exec('BEGIN')
      for (const { id, timestamp, session_id, event_type, data } of events.slice(at, at + perTransaction))
        this.#insert.run(id, timestamp, session_id, event_type, JSON.stringify(data))
      this.#file.exec('COMMIT')
    }
  }

  /** What a batch says of its events. */
  batch(
    sessionId: string,
    from: number,
    to: number,
  ): { id: string; timestamp: string; event_type: string; data: object }[] {
    return this.#select.all(sessionId, from, to).map(({ id, timestamp, event_type, data }) => ({
      id: id as string,
      timestamp: new Date(timestamp as number).toISOString(),
      event_type: event_type as string,
      data: JSON.parse(data as string) as object,
    }))
  }

  close(): void {
    this.#file.close()
  }
}
