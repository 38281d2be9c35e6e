import type { Wal } from './contract.ts'
import type { DiskWalOptions } from './options.ts'

/** Opens the log in `options.directory`, or makes a new one. Resolves once all that is readable is durable. */
export async function openDiskWal(_options: DiskWalOptions): Promise<Wal> {
  throw new Error('not built yet')
}
