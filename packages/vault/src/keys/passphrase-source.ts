import { type Argon2Parameters, argon2, createSecretKey, type KeyObject, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { type Random, systemRandom } from '@chronicle/base'
import { vaultErrors } from '../errors.ts'
import type { MasterSource } from './contract.ts'
import { isBase64, isWhole } from './record.ts'
import { type SourceParameters, vaultRecordName } from './vault-record.ts'
import { keyBytes } from './wrap.ts'

export type PassphraseKdf = { readonly algorithm: 'argon2id' | 'pbkdf2-sha256'; readonly iterations: number }

export type PassphraseOptions = {
  /** Asked each time that the master is derived. */
  readonly passphrase: () => Promise<string>
  /** For a new master; an old one is derived as it was made. Argon2id and 100,000 unless given. */
  readonly kdf?: PassphraseKdf | undefined
  /** For the salt. */
  readonly random?: Random
}

export const kdfIterationsMin = 100_000
const kdfIterationsMax = 0x7fff_ffff
const saltBytes = 16
/** RFC 9106, section 4, the second recommended choice: 64 MiB and 3 passes; on one lane, so that the cost is the same on one core and on many. */
const argonMemoryKiB = 65_536
const argonPasses = 3
const argonLanes = 1
/** What a key store may ask of the machine that opens it. */
const argonMemoryKiBMax = 4 * 1024 * 1024
const argonPassesMax = 0xffff

type Kdf =
  | {
      readonly kdf: 'argon2id'
      readonly salt: string
      readonly memoryKiB: number
      readonly passes: number
      readonly lanes: number
    }
  | { readonly kdf: 'pbkdf2-sha256'; readonly salt: string; readonly iterations: number }

/**
 * A master key that is derived from a passphrase (RFC 9106, RFC 8018); salt and cost stand in the key store, the passphrase nowhere (VK1). `iterations` is
 * the count of PBKDF2-HMAC-SHA256 where that is chosen, and a floor on the work of Argon2id otherwise: 3 passes over 64 MiB for every 100,000, begun ones
 * counted whole. The passphrase counts in Unicode's form NFC: the same one typed on another machine opens the vault.
 */
export function passphraseSource(options: PassphraseOptions): MasterSource {
  const { passphrase, kdf = { algorithm: 'argon2id', iterations: kdfIterationsMin }, random = systemRandom } = options
  if (!Number.isSafeInteger(kdf.iterations) || kdf.iterations < kdfIterationsMin || kdf.iterations > kdfIterationsMax)
    throw vaultErrors.create('vault.invalid-argument', {
      field: 'iterations',
      value: kdf.iterations,
      accepted: `a whole number from ${kdfIterationsMin} to ${kdfIterationsMax}`,
    })
  return {
    kind: 'passphrase',
    async make() {
      const parameters = freshParameters(kdf, random)
      return { master: await derive(await passphrase(), parameters), parameters }
    },
    async open(parameters) {
      const checked = parametersOf(parameters)
      return derive(await passphrase(), checked)
    },
  }
}

export function argonPassesFor(iterations: number): number {
  return argonPasses * Math.ceil(iterations / kdfIterationsMin)
}

function freshParameters({ algorithm, iterations }: PassphraseKdf, random: Random): Kdf {
  const salt = Buffer.from(random.bytes(saltBytes)).toString('base64')
  if (algorithm === 'pbkdf2-sha256') return { kdf: algorithm, salt, iterations }
  const passes = Math.min(argonPassesFor(iterations), argonPassesMax)
  return { kdf: algorithm, salt, memoryKiB: argonMemoryKiB, passes, lanes: argonLanes }
}

/** What is cheaper than we ever make was not made by us, and what is dearer than any machine bears would only stop it. */
function parametersOf(parameters: SourceParameters): Kdf {
  const { kdf, salt, iterations, memoryKiB, passes, lanes } = parameters
  if (isBase64(salt, saltBytes)) {
    if (kdf === 'pbkdf2-sha256' && isWithin(iterations, kdfIterationsMin, kdfIterationsMax))
      return { kdf, salt, iterations }
    const bounded =
      isWithin(memoryKiB, argonMemoryKiB, argonMemoryKiBMax) && isWithin(passes, argonPasses, argonPassesMax)
    if (kdf === 'argon2id' && bounded && isWithin(lanes, 1, 64)) return { kdf, salt, memoryKiB, passes, lanes }
  }
  throw vaultErrors.create('vault.damaged', { record: vaultRecordName, part: 'how the passphrase becomes a key' })
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return isWhole(value) && value >= least && value <= most
}

async function derive(passphrase: string, kdf: Kdf): Promise<KeyObject> {
  if (passphrase === '') throw vaultErrors.create('vault.no-passphrase')
  const secret = Buffer.from(passphrase.normalize('NFC'))
  const salt = Buffer.from(kdf.salt, 'base64')
  try {
    const bytes =
      kdf.kdf === 'argon2id'
        ? await argon2id(secret, salt, kdf.memoryKiB, kdf.passes, kdf.lanes)
        : await promisify(pbkdf2)(secret, salt, kdf.iterations, keyBytes, 'sha256')
    const master = createSecretKey(bytes)
    bytes.fill(0)
    return master
  } finally {
    secret.fill(0)
  }
}

function argon2id(message: Buffer, nonce: Buffer, memory: number, passes: number, lanes: number): Promise<Buffer> {
  const parameters: Argon2Parameters = { message, nonce, memory, passes, parallelism: lanes, tagLength: keyBytes }
  return promisify(argon2)('argon2id', parameters)
}
