import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { messageOf } from '@chronicle/base'
import { serverErrors } from '../errors.ts'

/** Where things are in a data directory. */
export type DataPaths = {
  readonly wal: string
  readonly snapshots: string
  /** The object store: key records below `vault/`, sessions below `sessions/`. */
  readonly objects: string
  /** Audit events, a JSON object a line. */
  readonly audit: string
  /** The embedded PostgreSQL, where the settings name no other. */
  readonly tables: string
  /** The master key, where it comes from a file and the settings name no other. */
  readonly keyFile: string
}

export function dataPaths(directory: string): DataPaths {
  return {
    wal: join(directory, 'wal'),
    snapshots: join(directory, 'snapshots'),
    objects: join(directory, 'objects'),
    audit: join(directory, 'audit.log'),
    tables: join(directory, 'observe', 'pg'),
    keyFile: join(directory, 'master.key'),
  }
}

/** Makes the data directory and sees to it that this process may write there. */
export function prepareDataDirectory(directory: string): void {
  try {
    makeDirectory(resolve(directory))
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw serverErrors.create('server.data-directory-unusable', { directory, reason: messageOf(error) }, error)
  }
}

/** Not `recursive: true`, which tries without end below /proc, where a directory that is there refuses as if it were not. */
function makeDirectory(directory: string): void {
  if (existsSync(directory)) return
  const parent = dirname(directory)
  if (parent !== directory) makeDirectory(parent)
  try {
    mkdirSync(directory)
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!existsSync(directory)) throw error
  }
}

/** Throws unless a server has worked in `directory`. */
export function requireDataDirectory(directory: string): void {
  const { wal } = dataPaths(directory)
  if (!statSync(wal, { throwIfNoEntry: false })?.isDirectory()) {
    throw serverErrors.create('server.no-data-directory', { directory, missing: wal })
  }
}
