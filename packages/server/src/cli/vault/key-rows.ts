import { systemClock } from '@chronicle/base'
import { type KeyInfo, type Vault, vaultErrors } from '@chronicle/vault'

/** A key as it is shown. Times in milliseconds. */
export type KeyRow = KeyInfo & {
  readonly ageMs: number
  /** Past its age: the next thing that is sealed gets a fresh key. */
  readonly due: boolean
}

/** The keys of one purpose, counted. */
export type PurposeRow = {
  readonly purpose: string
  readonly current: KeyRow | undefined
  readonly retired: number
  readonly destroyed: number
}

/** What can be listed, and the error of the first record that is damaged: to be thrown when the rest has been shown. */
export async function listedKeys(vault: Vault, prefix?: string): Promise<{ keys: KeyInfo[]; damage: unknown }> {
  const keys: KeyInfo[] = []
  try {
    for await (const key of vault.keys(prefix)) keys.push(key)
    return { keys, damage: undefined }
  } catch (damage) {
    if (vaultErrors.is(damage)) return { keys, damage }
    throw damage
  }
}

/** A session keeps its data key; the keys that it derives from that change by themselves. */
export function keepsItsKey(purpose: string): boolean {
  return purpose.startsWith('session/')
}

/** Sorted by purpose, then by age. */
export function keyRows(keys: readonly KeyInfo[], rotationMs: number): KeyRow[] {
  const now = systemClock.now()
  const rows = keys.map(key => {
    const ageMs = Math.max(0, now - key.createdMs)
    const isOld = key.state === 'current' && ageMs >= rotationMs
    return { ...key, ageMs, due: isOld && !keepsItsKey(key.purpose) }
  })
  return rows.sort((one, other) => compare(one.purpose, other.purpose) || one.createdMs - other.createdMs)
}

export function purposeRows(keys: readonly KeyInfo[], rotationMs: number): PurposeRow[] {
  const rows = Map.groupBy(keyRows(keys, rotationMs), ({ purpose }) => purpose)
  return [...rows].map(([purpose, members]) => ({
    purpose,
    current: members.find(({ state }) => state === 'current'),
    retired: members.filter(({ state }) => state === 'retired').length,
    destroyed: members.filter(({ state }) => state === 'destroyed').length,
  }))
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
