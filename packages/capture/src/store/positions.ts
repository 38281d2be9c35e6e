/** Up to where sources were stored. Written in the transaction that stores what lies before: that is what makes each event of a source count once (CE5). */
import type { CaptureDatabase } from './database.ts'

/** What comes next of a source: everything before `position` is stored. */
export type SourcePosition = { readonly source: string; readonly partition: number; readonly position: number }

export class Positions {
  readonly #database: CaptureDatabase
  readonly #sql

  constructor(database: CaptureDatabase) {
    this.#database = database
    this.#sql = {
      set: database.prepare(
        `INSERT INTO positions (source, partition, position) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET position = max(position, excluded.position)`,
      ),
      get: database.prepare('SELECT position FROM positions WHERE source = ? AND partition = ?'),
      forget: database.prepare('DELETE FROM positions WHERE source = ?'),
    }
  }

  /** Inside of a transaction. Never goes back. */
  advance({ source, partition, position }: SourcePosition): void {
    this.#sql.set.run(source, partition, position)
  }

  of(source: string, partition: number): number | undefined {
    return this.#database.read(() => this.#sql.get.get(source, partition))?.position as number | undefined
  }

  /** For a source that begins anew. */
  forget(source: string): void {
    this.#database.durably(() => this.#sql.forget.run(source))
  }
}
