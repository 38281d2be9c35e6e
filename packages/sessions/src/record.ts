/**
 * The record of a session: JSON in `sessions/records/<session id>`, replaced under put-if-match.
 *
 * ```text
 * "format":            "chronicle-session"
 * "version":           1
 * "sessionId":         the session's id, as in the key
 * "state":             "open" | "finalizing" | "finalized" | "deleting" | "deleted"
 * "createdMs":         milliseconds since 1970
 * "finalizedMs":       the same, once it is finalised
 * "deletedMs":         the same, once it is deleted
 * "keyId":             the data key in the vault that its chunks' keys are derived from
 * "pbkdf2Iterations":  and how: with the session id, and the epoch that each chunk's header names
 * "tree":              base64 of the state of the tree whose tiles are durable (vault, tree-state.ts)
 * "chunks":            chunks that tree covers; in a finalised or deleted session all there were
 * "plainBytes":        their payloads
 * "storedBytes":       their objects
 * ```
 */
import { assert } from '@chronicle/base'
import { type ObjectStore, objectErrors } from '@chronicle/objects'
import { decodeTreeState, encodeTreeState, type TreeState, vaultErrors } from '@chronicle/vault'
import { sessionErrors } from './errors.ts'
import type { StoredState } from './lifecycle.ts'
import { recordBytesMax } from './limits.ts'
import { recordKey } from './object-keys.ts'
import { readWithInfo } from './store-read.ts'

export type SessionRecord = {
  readonly sessionId: string
  readonly state: StoredState
  readonly createdMs: number
  readonly finalizedMs?: number
  readonly deletedMs?: number
  readonly keyId: string
  readonly pbkdf2Iterations: number
  readonly tree: TreeState
  readonly chunks: number
  readonly plainBytes: number
  readonly storedBytes: number
}

/** A record and the version of its object. */
export type StoredRecord = { readonly record: SessionRecord; readonly version: string }

const format = 'chronicle-session'
const version = 1
const states: readonly string[] = ['open', 'finalizing', 'finalized', 'deleting', 'deleted'] satisfies StoredState[]

export function encodeRecord({ tree, ...record }: SessionRecord): Buffer {
  const state = Buffer.from(encodeTreeState(tree)).toString('base64')
  const bytes = Buffer.from(`${JSON.stringify({ format, version, ...record, tree: state }, undefined, 2)}\n`)
  assert(bytes.length <= recordBytesMax, 'a record is small')
  return bytes
}

/** Throws 'sessions.damaged', or 'vault.newer-version' for what a later version wrote. */
export function decodeRecord(bytes: Uint8Array, sessionId: string): SessionRecord {
  const fields = fieldsOf(bytes)
  if (fields?.format === format && Number(fields.version) > version) {
    throw vaultErrors.create('vault.newer-version', { object: recordKey(sessionId), version: Number(fields.version) })
  }
  const tree = fields && treeOf(fields.tree)
  if (!fields || !tree || fields.sessionId !== sessionId || !isWhole(fields)) throw damagedRecord(sessionId)
  const { format: _format, version: _version, ...record } = fields
  return { ...(record as Omit<SessionRecord, 'tree'>), tree }
}

function fieldsOf(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isWhole(fields: Record<string, unknown>): boolean {
  const counts = ['createdMs', 'pbkdf2Iterations', 'chunks', 'plainBytes', 'storedBytes']
  if (fields.format !== format || fields.version !== version || !counts.every(name => isCount(fields[name])))
    return false
  if (!states.includes(fields.state as string) || typeof fields.keyId !== 'string') return false
  const times = [fields.finalizedMs, fields.deletedMs]
  return times.every(time => time === undefined || isCount(time))
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function treeOf(base64: unknown): TreeState | undefined {
  if (typeof base64 !== 'string') return undefined
  try {
    return decodeTreeState(new Uint8Array(Buffer.from(base64, 'base64')))
  } catch (error) {
    if (vaultErrors.is(error) && error.code === 'vault.tree-damaged') return undefined
    throw error
  }
}

function damagedRecord(sessionId: string): Error {
  return sessionErrors.create('sessions.damaged', { object: recordKey(sessionId), part: 'record' })
}

/** undefined where the session has none. */
export async function readRecord(store: ObjectStore, sessionId: string): Promise<StoredRecord | undefined> {
  const key = recordKey(sessionId)
  try {
    const found = await readWithInfo(store, key, recordBytesMax)
    return found && { record: decodeRecord(found.bytes, sessionId), version: found.info.version }
  } catch (error) {
    throw translated(error, sessionId)
  }
}

/** Writes the record that replaces `expected`, or the first one. Rejects with 'objects.changed' or 'objects.exists' where it is not so any more. */
export async function writeRecord(
  store: ObjectStore,
  record: SessionRecord,
  expected: string | undefined,
): Promise<StoredRecord> {
  const condition = expected === undefined ? 'absent' : { version: expected }
  const info = await store.put(recordKey(record.sessionId), encodeRecord(record), { condition })
  return { record, version: info.version }
}

function translated(error: unknown, sessionId: string): unknown {
  return objectErrors.is(error) && error.code === 'objects.too-large' ? damagedRecord(sessionId) : error
}
