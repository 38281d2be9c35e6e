import { observeErrors } from '../errors.ts'
import type { Database } from './contract.ts'
import { openEmbedded } from './pglite.ts'

/** A PostgreSQL somewhere, or the embedded one with its directory. */
export type DatabasePlace = { readonly url: string } | { readonly directory: string }

const accepted = 'postgres://user:password@host:5432/database'

/** Opens a database, without making its tables (`migrate` does). A URL is not connected to before the first statement. */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  if ('directory' in place) return openEmbedded(place.directory)
  if (!/^postgres(ql)?:\/\//.test(place.url)) {
    throw observeErrors.create('observe.invalid-database-url', { accepted })
  }
  // The driver is loaded when somebody needs it.
  const { openPostgres } = await import('./pg.ts')
  try {
    return openPostgres(place.url)
  } catch (error) {
    // Not the driver's own words, which may quote the URL and with it the password; a missing certificate is named by its path.
    const { code, path } = error as { code?: string; path?: string }
    throw observeErrors.create('observe.invalid-database-url', { accepted, file: code === 'ENOENT' ? path : undefined })
  }
}
