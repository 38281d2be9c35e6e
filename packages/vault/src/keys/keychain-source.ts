import { execFile } from 'node:child_process'
import { createSecretKey, type KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { type Clock, type Random, systemClock, systemRandom } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { MasterSource } from './contract.ts'
import type { SourceParameters } from './vault-record.ts'
import { keyBytes } from './wrap.ts'

export const keychainServiceDefault = 'com.chronicle.packer'
/** A person may have to unlock it. */
const answerMsMax = 60_000
const probeMsMax = 5_000

/** What is used of a keychain: named secrets of a service. */
export type Keychain = {
  usable(service: string): Promise<boolean>
  get(service: string, account: string): Promise<Uint8Array | undefined>
  set(service: string, account: string, secret: Uint8Array): Promise<void>
}

/**
 * A master key in the keychain of the operating system (Keychain, Credential Manager, Secret Service). Each master has an account of its own, so a new one
 * never takes the place of one that something still needs. A keychain that has no such account is a loss that is reported, never a reason to make a key (VK9).
 */
export function keychainSource(
  options: { service?: string; keychain?: Keychain; clock?: Clock; random?: Random } = {},
): MasterSource {
  const {
    service = keychainServiceDefault,
    keychain = systemKeychain,
    clock = systemClock,
    random = systemRandom,
  } = options
  const read = async (named: string, account: string): Promise<KeyObject> => {
    if (!(await keychain.usable(named))) throw vaultErrors.create('vault.keychain-unavailable', { service: named })
    const bytes = await answered(keychain.get(named, account), named, clock)
    if (!bytes) throw vaultErrors.create('vault.master-missing', { source: 'keychain', service: named, account })
    return keyOf(bytes, named, account)
  }
  return {
    kind: 'keychain',
    async make() {
      if (!(await keychain.usable(service))) throw vaultErrors.create('vault.keychain-unavailable', { service })
      const account = `master-${random.uuid()}`
      const secret = random.bytes(keyBytes)
      await answered(keychain.set(service, account, secret), service, clock)
      secret.fill(0)
      return { master: await read(service, account), parameters: { service, account } }
    },
    async open({ service: named, account }: SourceParameters) {
      return await read(`${named ?? service}`, `${account}`)
    },
  }
}

/**
 * Whether the keychain answers. Asks for nothing that exists, so nobody is prompted, and asks in another process: a session bus that accepts and
 * then says nothing would hold this one for ever.
 */
export async function keychainUsable(
  service: string,
  { environment = process.env, probeMs = probeMsMax }: { environment?: NodeJS.ProcessEnv; probeMs?: number } = {},
): Promise<boolean> {
  if (process.platform === 'linux' && !hasSessionBus(environment)) return false
  const keyring = import.meta.resolve('@napi-rs/keyring')
  const probe = `
    const { AsyncEntry } = await import(${JSON.stringify(keyring)})
    await new AsyncEntry(${JSON.stringify(service)}, 'probe', ${JSON.stringify(entryOptions)}).getSecret()
  `
  try {
    const limits = { timeout: probeMs, killSignal: 'SIGKILL', env: environment } as const
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', probe], limits)
    return true
  } catch {
    // Whatever kept it from answering: it is of no use.
    return false
  }
}

/** Without it, the library falls back to the kernel's keys without a word, and those are lost when the machine restarts. */
const entryOptions = { linux: { store: 'secret-service' } } as const

/** Loaded when it is needed: the native library takes memory that most processes can do without. */
async function entryOf(service: string, account: string) {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  return new AsyncEntry(service, account, entryOptions)
}

const systemKeychain: Keychain = {
  usable: service => keychainUsable(service),
  async get(service, account) {
    const secret = await (await entryOf(service, account)).getSecret()
    if (!secret) return undefined
    const bytes = Buffer.from(secret)
    secret.fill(0)
    return bytes
  },
  async set(service, account, secret) {
    await (await entryOf(service, account)).setSecret(secret)
  },
}

/** A bus at the address that the session names, or where one is by default (sd_bus_open_user(3)). */
function hasSessionBus(environment: NodeJS.ProcessEnv): boolean {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: runtime } = environment
  return Boolean(address) || (Boolean(runtime) && existsSync(`${runtime}/bus`))
}

async function answered<T>(answer: Promise<T>, service: string, clock: Clock): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const refuse = (cause?: unknown) => vaultErrors.create('vault.keychain-unavailable', { service }, cause)
  const timer = clock.after(answerMsMax, () => reject(refuse()))
  try {
    return await Promise.race([answer, late])
  } catch (error) {
    throw vaultErrors.is(error) ? error : refuse(error)
  } finally {
    timer.cancel()
  }
}

function keyOf(bytes: Uint8Array, service: string, account: string): KeyObject {
  if (bytes.length !== keyBytes) {
    const part = `${bytes.length} bytes instead of ${keyBytes}`
    throw vaultErrors.create('vault.damaged', { record: `keychain ${service}/${account}`, part })
  }
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}
