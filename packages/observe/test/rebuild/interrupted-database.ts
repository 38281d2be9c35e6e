/** A database that does something before each statement: lets others have their turn, or fails. */
import type { Database, Queries } from '../../src/database/contract.ts'
import { observeErrors } from '../../src/errors.ts'

export type Interruption = {
  /** Called before each statement, and before each commit. */
  before?(what: 'statement' | 'commit'): Promise<void>
  /** Called when a commit has happened. */
  after?(): Promise<void>
}

/** What the connection says when it breaks. */
export function broken(): Error {
  return observeErrors.create('observe.database-unavailable', { reason: 'the test broke the connection' })
}

export function interrupted(database: Database, { before, after }: Interruption): Database {
  const wrapped = <Q extends Queries>(queries: Q): Q => ({
    ...queries,
    query: async (sql, values) => {
      await before?.('statement')
      return queries.query(sql, values)
    },
    script: async sql => {
      await before?.('statement')
      return queries.script(sql)
    },
  })
  return {
    ...wrapped<Queries>({
      query: (sql, values) => database.query(sql, values),
      script: sql => database.script(sql),
    }),
    kind: database.kind,
    transaction: async work => {
      const result = await database.transaction(async each => {
        const done = await work(wrapped(each))
        await before?.('commit')
        return done
      })
      await after?.()
      return result
    },
    read: (work, options) => database.read(queries => work(wrapped(queries)), options),
    alone: (lock, work) => database.alone(lock, work),
    close: () => database.close(),
  }
}
