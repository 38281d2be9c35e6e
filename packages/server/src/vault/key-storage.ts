import { type ObjectReader, type ObjectStore, objectErrors } from '@chronicle/objects'
import { type KeyRecord, type KeyStorage, vaultErrors } from '@chronicle/vault'

/** Everything of a key store lies below this prefix of the object store. */
export const keyPrefix = 'vault/'

/** Many times what the largest record needs. */
const recordBytesMax = 1 << 20

/** A key store kept in an object store. Conditional writes make it safe for several processes. */
export function keyStorageIn(store: ObjectStore): KeyStorage {
  return {
    location: `${store.location}/${keyPrefix.slice(0, -1)}`,
    read: name => readRecord(store, keyPrefix + name),
    write: (name, bytes, expected) => writeRecord(store, keyPrefix + name, bytes, expected),
    remove: name => store.delete(keyPrefix + name),
    list: prefix => names(store, prefix),
  }
}

/**
 * A key store that is only read. What would be made good in it stays as it is: that is told as a change by somebody who was quicker, which whoever repairs a record lets
 * be, and copies of a destroyed key, which a destruction has not got to, are not taken away.
 */
export function keyStorageToRead(objects: ObjectReader): KeyStorage {
  return {
    location: `${objects.location}/${keyPrefix.slice(0, -1)}`,
    read: name => readRecord(objects, keyPrefix + name),
    write: async name => {
      throw vaultErrors.create('vault.store-changed', { record: name, reason: 'it is open for reading alone' })
    },
    remove: async () => undefined,
    list: prefix => names(objects, prefix),
  }
}

async function* names(objects: ObjectReader, prefix: string): AsyncGenerator<string> {
  for await (const { key } of objects.list({ prefix: keyPrefix + prefix })) yield key.slice(keyPrefix.length)
}

async function readRecord(store: ObjectReader, key: string): Promise<KeyRecord | undefined> {
  try {
    const read = await store.get(key)
    const { info, body } = read
    if (info.bytes > recordBytesMax) {
      await read.cancel()
      throw objectErrors.create('objects.too-large', { key, bytes: info.bytes, bytesMax: recordBytesMax })
    }
    const pieces: Uint8Array[] = []
    // A store may use its pieces again.
    for await (const piece of body) pieces.push(Uint8Array.from(piece))
    return { bytes: Buffer.concat(pieces), version: info.version }
  } catch (error) {
    if (objectErrors.is(error) && error.code === 'objects.not-found') return undefined
    throw error
  }
}

async function writeRecord(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  expected: string | undefined,
): Promise<string> {
  try {
    const condition = expected === undefined ? 'absent' : { version: expected }
    return (await store.put(key, bytes, { condition })).version
  } catch (error) {
    if (!objectErrors.is(error)) throw error
    if (error.code === 'objects.exists' || error.code === 'objects.changed') {
      throw vaultErrors.create('vault.store-changed', { record: key }, error)
    }
    // The answer was lost. What is wrapped anew has a fresh nonce, so bytes like ours are ours.
    const found = error.code === 'objects.outcome-unknown' ? await readRecord(store, key) : undefined
    if (found && Buffer.compare(found.bytes, bytes) === 0) return found.version
    throw error
  }
}
