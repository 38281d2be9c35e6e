import { createSecretKey, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { vaultErrors } from '../errors.ts'
import type { SealKey } from '../seal/contract.ts'
import type { DataKey } from './contract.ts'
import { keyBytes } from './wrap.ts'

export const sessionIterationsMin = 100_000
const iterationsMax = 0x7fff_ffff
const epochMax = 0xffff_ffff

const derive = promisify(pbkdf2)

/**
 * The key of one epoch of a session, from the session's data key: PBKDF2-HMAC-SHA256 (RFC 8018), salt `chronicle session` 0x00 id 0x00 epoch in
 * decimal. Epochs count from 1; 0 is the data key itself. Takes tens of milliseconds on another thread: once a session and epoch, never once a chunk.
 */
export async function sessionKey(key: DataKey, sessionId: string, epoch: number, iterations: number): Promise<SealKey> {
  check('sessionId', sessionId, sessionId !== '' && !sessionId.includes('\0'), 'text without a zero byte')
  check('epoch', epoch, isBetween(epoch, 1, epochMax), `a whole number from 1 to ${epochMax}`)
  const inRange = isBetween(iterations, sessionIterationsMin, iterationsMax)
  check('iterations', iterations, inRange, `a whole number from ${sessionIterationsMin} to ${iterationsMax}`)
  const master = key.secret.export()
  try {
    const bytes = await derive(master, `chronicle session\0${sessionId}\0${epoch}`, iterations, keyBytes, 'sha256')
    const secret = createSecretKey(bytes)
    bytes.fill(0)
    return { id: key.id, epoch, secret }
  } finally {
    master.fill(0)
  }
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most
}

function check(field: string, value: string | number, accepted: boolean, what: string): void {
  if (!accepted) throw vaultErrors.create('vault.invalid-argument', { field, value, accepted: what })
}
