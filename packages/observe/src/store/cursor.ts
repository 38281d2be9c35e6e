/**
 * Where a list goes on: time and id of the last row that was given. A row that comes or goes meanwhile moves no other row to another page.
 *
 *     base64url of {"at":"2026-11-21T09:00:00.000000Z","id":"…"}
 */

import { observeErrors } from '../errors.ts'
import { microsFromText } from '../event/index.ts'

export type ListPlace = { readonly at: string; readonly id: string }

const cursorCharactersMax = 1_024
const atForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/

export function encodeCursor({ at, id }: ListPlace): string {
  return Buffer.from(JSON.stringify({ at, id })).toString('base64url')
}

/** Throws 'observe.invalid-cursor' for what {@link encodeCursor} did not make. `isId` says what ids of the list look like. */
export function decodeCursor(cursor: string, isId: (id: string) => boolean): ListPlace {
  const place = cursor.length <= cursorCharactersMax ? parsed(cursor) : undefined
  const { at, id } = (place ?? {}) as { at?: unknown; id?: unknown }
  const isTime = typeof at === 'string' && atForm.test(at) && (microsFromText(at) ?? -1) >= 0
  if (!isTime || typeof id !== 'string' || !isId(id)) throw observeErrors.create('observe.invalid-cursor')
  return { at, id }
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}
