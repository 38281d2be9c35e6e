/** What PyArrow and polars write as Arrow IPC streams, the packer reads to the row, or refuses in words that say what it accepts. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeEvents, type TextColumn } from '@chronicle/packer'
import { interopPython } from './python.ts'
import { run } from './toolchain.ts'

type Written = {
  readonly rows: readonly Record<string, string | null>[]
  readonly accepted: Record<string, string>
  readonly refused: Record<string, string>
}

const { python, missing } = interopPython('arrow')

test('PyArrow and polars', { skip: missing ?? false }, async t => {
  const program = join(import.meta.dirname, 'python/arrow.py')
  const { rows, accepted, refused }: Written = JSON.parse(run(python, [program]))
  for (const [name, base64] of Object.entries(accepted)) {
    await t.test(name, () => assert.deepEqual(rowsOf(Buffer.from(base64, 'base64')), rows))
  }
  for (const [words, base64] of Object.entries(refused)) {
    await t.test(`refused: ${words}`, () => {
      const [refusal] = decodeEvents(Buffer.from(base64, 'base64')).flatMap(({ refusals }) => refusals)
      assert.ok(refusal?.row === undefined && refusal?.detail.includes(words), refusal?.detail)
    })
  }
})

function rowsOf(stream: Uint8Array): Record<string, string | null>[] {
  return decodeEvents(stream).flatMap(({ columns, refusals }) => {
    assert.deepEqual(refusals, [])
    const { eventType, appBundleId, windowTitle, data, sessionId, eventId, timestampNs } = columns
    return Array.from({ length: columns.rows }, (_, row) => {
      const id = text(eventId, row)
      assert.equal(`event-${timestampNs[row]! - 1_790_000_000_000_000_000n}`, id)
      return {
        event_type: text(eventType, row),
        app_bundle_id: text(appBundleId, row),
        window_title: text(windowTitle, row),
        data: text(data, row),
        session_id: text(sessionId, row),
        event_id: id,
      }
    })
  })
}

function text({ offsets, bytes, validity }: TextColumn, row: number): string | null {
  if (validity !== undefined && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) return null
  return Buffer.from(bytes.subarray(offsets[row]!, offsets[row + 1]!)).toString()
}
