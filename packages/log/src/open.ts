import type { Log } from './contract.ts'
import type { LogOptions } from './options.ts'

/** Opens the log in `options.directory`, or makes a new one. Resolves once all that was acknowledged before is readable. */
export async function openLog(_options: LogOptions): Promise<Log> {
  throw new Error('not built yet')
}
