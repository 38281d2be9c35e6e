import type { DataKey } from '../keys/contract.ts'
import type { SealKey } from './contract.ts'

/** The key that seals under a data key itself. Keys derived from one have epochs of their own. */
export function sealKeyOf(key: DataKey): SealKey {
  return { id: key.id, epoch: 0, secret: key.secret }
}
