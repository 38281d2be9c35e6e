/** `chronicle verify SESSION`: everything of one stored session computed again from what is stored. */
import { messageOf } from '@chronicle/base'
import { type ObjectStore, readObjectIfAny } from '@chronicle/objects'
import { noteBytesMax, type Vault, type VerifiedCheckpoint, verifyCheckpoint } from '@chronicle/vault'
import { checkSessionId } from './chunk-id.ts'
import { originOf } from './context.ts'
import { sessionErrors } from './errors.ts'
import { checkpointKey } from './object-keys.ts'
import { readRecord, type SessionRecord } from './record.ts'
import { verifyChunks } from './verify-chunks.ts'
import { Findings, type SessionCheck, type SessionVerification } from './verify-report.ts'
import { rootOfState, type TreeClaim, verifyLeaves, verifyTiles } from './verify-tree.ts'

export type VerifySessionOptions = {
  /** Where the objects are, or a copy of them. Only read. */
  readonly store: ObjectStore
  readonly sessionId: string
  /** The verifier keys (vkey) that checkpoints are believed from. */
  readonly logKeys: readonly string[]
  readonly witnessKeys?: readonly string[]
  /** How many of the witnesses must have cosigned; all of them when left out. */
  readonly witnessesMin?: number
  /** Name of the installation, where the keys' own name is not it. */
  readonly origin?: string
  /** Where the key is at hand: without it chunks are not opened. */
  readonly vault?: Pick<Vault, 'key'>
  readonly onProgress?: (chunks: number) => void
}

/** Rejects with 'sessions.session-not-found' where nothing is stored, and with the errors of the store. */
export async function verifySessionFiles(options: VerifySessionOptions): Promise<SessionVerification> {
  const { sessionId, store } = options
  checkSessionId(sessionId)
  const note = await readObjectIfAny(store, checkpointKey(sessionId), { bytesMax: noteBytesMax })
  const { record, check: recordCheck } = await verifyRecord(options, note !== undefined)
  const { checkpoint, check: checkpointCheck } = verifyHead(options, note)
  const size = Math.max(record?.tree.size ?? 0, checkpoint?.size ?? 0)
  const claims = claimsOf(record, checkpoint)
  const checks = [
    recordCheck,
    checkpointCheck,
    await verifyTree(options, size, claims),
    await verifyAllTiles(options, size),
    await verifyAllChunks(options, record),
  ]
  return { sessionId, sound: checks.every(({ outcome }) => outcome !== 'failed'), checks }
}

async function verifyRecord(
  { store, sessionId }: VerifySessionOptions,
  hasCheckpoint: boolean,
): Promise<{ record: SessionRecord | undefined; check: SessionCheck }> {
  const findings = new Findings('record')
  let record: SessionRecord | undefined
  try {
    record = (await readRecord(store, sessionId))?.record
    if (!record && !hasCheckpoint) throw sessionErrors.create('sessions.session-not-found', { session: sessionId })
    if (!record) findings.problem('the record is missing')
  } catch (error) {
    if (!sessionErrors.is(error) || error.code !== 'sessions.damaged') throw error
    findings.problem(messageOf(error))
  }
  return { record, check: findings.result(`the session is ${record?.state ?? 'not known'}`) }
}

function verifyHead(
  { sessionId, logKeys, witnessKeys, witnessesMin, origin }: VerifySessionOptions,
  note: Uint8Array | undefined,
): { checkpoint: VerifiedCheckpoint | undefined; check: SessionCheck } {
  const findings = new Findings('checkpoint')
  const none = 'no checkpoint was signed yet'
  if (!note) return { checkpoint: undefined, check: findings.notChecked(none) }
  try {
    const wanted = origin === undefined ? {} : { origin: originOf(origin, sessionId) }
    const checkpoint = verifyCheckpoint(note, { logKeys, witnessKeys, witnessesMin, ...wanted })
    if (!checkpoint.origin.endsWith(originOf('', sessionId)))
      findings.problem('it is the checkpoint of another session')
    const signers = [...checkpoint.signedBy, ...checkpoint.witnesses.map(({ name }) => name)].join(', ')
    return { checkpoint, check: findings.result(`${checkpoint.size} leaves, signed by ${signers}`) }
  } catch (error) {
    findings.problem(messageOf(error))
    return { checkpoint: undefined, check: findings.result('the checkpoint is signed') }
  }
}

function claimsOf(record: SessionRecord | undefined, checkpoint: VerifiedCheckpoint | undefined): TreeClaim[] {
  const claims: TreeClaim[] = []
  if (checkpoint) claims.push({ size: checkpoint.size, root: checkpoint.root, source: 'checkpoint' })
  if (record) claims.push({ size: record.tree.size, root: rootOfState(record.tree), source: 'record' })
  return claims
}

async function verifyTree(
  { store, sessionId }: VerifySessionOptions,
  size: number,
  claims: readonly TreeClaim[],
): Promise<SessionCheck> {
  const findings = new Findings('tree')
  await verifyLeaves(store, sessionId, size, claims, findings)
  return findings.result(
    `the ${size} stored leaves give the root of ${claims.map(({ source }) => source).join(' and ')}`,
  )
}

async function verifyAllTiles({ store, sessionId }: VerifySessionOptions, size: number): Promise<SessionCheck> {
  const findings = new Findings('tiles')
  await verifyTiles(store, sessionId, size, findings)
  return findings.result('every tile is what its leaves give')
}

async function verifyAllChunks(
  { store, vault, onProgress = () => undefined }: VerifySessionOptions,
  record: SessionRecord | undefined,
): Promise<SessionCheck> {
  const findings = new Findings('chunks')
  if (!record) return findings.notChecked('without the record the key is not known')
  if (record.state === 'deleted' || record.state === 'deleting') return findings.notChecked('the session was deleted')
  if (!vault) return findings.notChecked('the key is not at hand: the chunks cannot be opened')
  const { inTree, behindTree, payloadBytes } = await verifyChunks(store, vault, record, findings, onProgress)
  const rest = behindTree > 0 ? `; ${behindTree} more are stored behind the tree` : ''
  return findings.result(`${inTree} chunks, ${payloadBytes} bytes, are what the tree has${rest}`)
}
