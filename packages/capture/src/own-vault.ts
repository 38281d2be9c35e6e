/** The vault of a capture that was given none: it lies beside the database, its master key in the keychain, or where there is none in a file. */
import { accessSync, constants, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Random } from '@chronicle/base'
import {
  localObjectReader,
  type ObjectReader,
  type ObjectStore,
  objectErrors,
  openLocalStore,
} from '@chronicle/objects'
import type { Logger } from '@chronicle/telemetry'
import {
  createVault,
  fileAuditLog,
  type KeyRecord,
  type KeyStorage,
  keychainSource,
  keychainUsable,
  keyFileSource,
  type MasterSource,
  openVault,
  readVaultStatus,
  sealKeyOf,
  type Vault,
  vaultErrors,
} from '@chronicle/vault'
import { captureErrors } from './errors.ts'
import { noPayloadKeys, type PayloadKeys } from './store/payload-keys.ts'

/** Of the keychain's entries. */
const service = 'chronicle-capture'
/** Many times what the largest record needs. */
const recordBytesMax = 1 << 20

export type OwnVaultOptions = {
  readonly directory: string
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Whether keys are there that must not be replaced: asked where the directory holds none. */
  readonly areKeysNeeded?: (() => boolean) | undefined
}

export type OwnVault = { readonly vault: Vault; close(): Promise<void> }

/** Rejects with 'capture.keys-missing' and the errors of the vault: neither keys nor a master that are not where they were kept are ever replaced by others. */
export async function openOwnVault(options: OwnVaultOptions): Promise<OwnVault> {
  const { directory, clock, random, logger } = options
  // Before anything is made there: the directory has to be free for the one that is to be put back.
  if (!(await holdsKeys(directory)) && options.areKeysNeeded?.())
    throw captureErrors.create('capture.keys-missing', { directory })
  const store = await openLocalStore({ directory: keysBelow(directory), clock, random })
  const audit = fileAuditLog(auditLogIn(directory), { clock, random })
  const storage = keyStorageIn(store)
  const common = { storage, audit, clock, random }
  const [keychain, file] = masterSources(directory)
  const close = async (): Promise<void> => {
    await audit.close()
    await store.close()
  }
  try {
    if (await readVaultStatus(storage)) return opened(await openVault({ ...common, sources: [keychain, file] }), close)
    const vault = await createVault({ ...common, source: (await keychainUsable(service)) ? keychain : file })
    const { source, sourceDetail } = vault.status
    logger.warn(
      { source, sourceDetail },
      'new keys were made for captured events: without them nothing that is sealed can be read',
    )
    return opened(vault, close)
  } catch (error) {
    await close()
    throw error
  }
}

export type KeysToRead = { readonly keys: PayloadKeys; close(): Promise<void> }

export type KeysToReadOptions = Omit<OwnVaultOptions, 'logger' | 'areKeysNeeded'> & {
  /** Names the file that records the use of keys where their own log cannot be written. */
  readonly auditElsewhere?: (() => string) | undefined
}

/**
 * CR4. The keys of a vault beside a database for who only looks. It is opened with the first key that is asked for, from its files as they are: nothing is made, locked or made good
 * in it, and any number of processes may have it open. Only the use of its keys is recorded. A key rejects with 'capture.keys-missing' and the vault's errors.
 */
export function keysToRead(options: KeysToReadOptions): KeysToRead {
  let own: Promise<OwnVault> | undefined
  return {
    keys: {
      ...noPayloadKeys(),
      async opening(keyId) {
        own ??= openToRead(options)
        return sealKeyOf(await (await own).vault.key(keyId))
      },
    },
    async close() {
      // Who asked for a key was told why there is none.
      await (await own?.catch(() => undefined))?.close()
    },
  }
}

async function openToRead({ directory, auditElsewhere, clock, random }: KeysToReadOptions): Promise<OwnVault> {
  const storage = recordsToRead(directory)
  if (!(await holdsKeys(directory))) throw captureErrors.create('capture.keys-missing', { directory })
  const log = auditLogIn(directory)
  const audit = fileAuditLog(isWritable(existsSync(log) ? log : directory) ? log : (auditElsewhere?.() ?? log), {
    clock,
    random,
  })
  const close = () => audit.close()
  try {
    return opened(await openVault({ storage, audit, clock, random, sources: masterSources(directory) }), close)
  } catch (error) {
    await close()
    throw error
  }
}

async function holdsKeys(directory: string): Promise<boolean> {
  return (await readVaultStatus(recordsToRead(directory))) !== undefined
}

function recordsToRead(directory: string): KeyStorage {
  return keyStorageToRead(localObjectReader(keysBelow(directory)))
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    // Whatever the reason: another place is named.
    return false
  }
}

function auditLogIn(directory: string): string {
  return join(directory, 'audit.log')
}

function keysBelow(directory: string): string {
  return join(directory, 'keys')
}

function masterSources(directory: string): [keychain: MasterSource, file: MasterSource] {
  return [keychainSource({ service }), keyFileSource({ path: join(directory, 'master.key') })]
}

function opened(vault: Vault, close: () => Promise<void>): OwnVault {
  return {
    vault,
    async close() {
      vault.close()
      await close()
    },
  }
}

function keyStorageIn(store: ObjectStore): KeyStorage {
  return {
    location: store.location,
    read: name => readRecord(store, name),
    write: (name, bytes, expected) => writeRecord(store, name, bytes, expected),
    remove: name => store.delete(name),
    list: prefix => recordNames(store, prefix),
  }
}

/** What would be made good is told as changed by somebody who was quicker, whom whoever repairs a record lets be. */
function keyStorageToRead(objects: ObjectReader): KeyStorage {
  return {
    location: objects.location,
    read: name => readRecord(objects, name),
    write: async name => {
      throw vaultErrors.create('vault.store-changed', { record: name, reason: 'it is open for reading alone' })
    },
    remove: async () => undefined,
    list: prefix => recordNames(objects, prefix),
  }
}

async function* recordNames(objects: ObjectReader, prefix: string): AsyncGenerator<string> {
  for await (const { key } of objects.list({ prefix })) yield key
}

async function readRecord(store: ObjectReader, name: string): Promise<KeyRecord | undefined> {
  try {
    const read = await store.get(name)
    const { bytes, version } = read.info
    if (bytes > recordBytesMax) {
      await read.cancel()
      throw objectErrors.create('objects.too-large', { key: name, bytes, bytesMax: recordBytesMax })
    }
    const pieces: Uint8Array[] = []
    // A store may use its pieces again.
    for await (const piece of read.body) pieces.push(Uint8Array.from(piece))
    return { bytes: Buffer.concat(pieces), version }
  } catch (error) {
    if (objectErrors.is(error) && error.code === 'objects.not-found') return undefined
    throw error
  }
}

async function writeRecord(store: ObjectStore, name: string, bytes: Uint8Array, expected: string | undefined) {
  try {
    const condition = expected === undefined ? 'absent' : { version: expected }
    return (await store.put(name, bytes, { condition })).version
  } catch (error) {
    const isChanged = objectErrors.is(error) && (error.code === 'objects.exists' || error.code === 'objects.changed')
    throw isChanged ? vaultErrors.create('vault.store-changed', { record: name }, error) : error
  }
}
