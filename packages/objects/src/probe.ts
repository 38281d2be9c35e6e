import { type Random, systemRandom } from '@chronicle/base'
import type { ObjectStore, PutOptions } from './contract.ts'
import { objectErrors } from './errors.ts'

/**
 * Finds out whether a store honours conditions, with a throwaway object under `conditions-probe/`. Some that speak the protocol of one that
 * does answer as if they had, and overwrite. Rejects with 'objects.conditions-ignored', or with whatever else the store says.
 */
export async function probeConditions(store: ObjectStore, random: Random = systemRandom): Promise<void> {
  const key = `conditions-probe/${random.uuid()}`
  try {
    const first = await store.put(key, Buffer.from('first'), { condition: 'absent' })
    await expectRefusal(store, key, { condition: 'absent' }, 'objects.exists')
    await store.put(key, Buffer.from('second'), { condition: { version: first.version } })
    await expectRefusal(store, key, { condition: { version: first.version } }, 'objects.changed')
  } finally {
    await store.delete(key)
  }
}

async function expectRefusal(store: ObjectStore, key: string, options: PutOptions, code: string): Promise<void> {
  const condition = options.condition === 'absent' ? 'put-if-absent' : 'put-if-match'
  try {
    await store.put(key, Buffer.from('overwritten'), options)
  } catch (error) {
    if (objectErrors.is(error) && error.code === code) return
    throw error
  }
  throw objectErrors.create('objects.conditions-ignored', { location: store.location, condition })
}
