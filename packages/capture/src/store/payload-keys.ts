/** The keys that seal events. What is written takes the newest one without waiting; what is read takes the one that it names. */
import { type SealKey, sealKeyOf, type Vault, vaultErrors } from '@chronicle/vault'

export type PayloadKeys = {
  /** What seals now; undefined where nothing is sealed. */
  readonly current: SealKey | undefined
  /** Tells of `uses` seals that were made, and brings `current` up to date. Rejects where the vault cannot be reached. */
  used(uses: number): Promise<void>
  /** Rejects with the vault's errors. */
  opening(keyId: string): Promise<SealKey>
}

/** What the keys of events are for, in the vault's list. */
const eventsPurpose = 'capture/events'

/** One use more of `keyFor` for each seal: the vault decides by them when a fresh key takes over. */
const usesToldAtOnceMax = 1024

export async function vaultPayloadKeys(vault: Vault): Promise<PayloadKeys> {
  let current = sealKeyOf(await vault.keyFor(eventsPurpose))
  return {
    get current() {
      return current
    },
    async used(uses) {
      for (let use = 0; use < Math.min(uses, usesToldAtOnceMax); use++) {
        current = sealKeyOf(await vault.keyFor(eventsPurpose))
      }
    },
    opening: async keyId => sealKeyOf(await vault.key(keyId)),
  }
}

/** For a store whose setting says that payloads are not encrypted. What was sealed before cannot be read without the vault. */
export function noPayloadKeys(vault?: Vault): PayloadKeys {
  return {
    current: undefined,
    used: async () => undefined,
    async opening(keyId) {
      if (vault) return sealKeyOf(await vault.key(keyId))
      throw vaultErrors.create('vault.key-not-found', { keyId })
    },
  }
}
