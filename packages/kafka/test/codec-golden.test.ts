import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { goldenLines } from './golden-lines.ts'

const file = join(import.meta.dirname, 'golden', 'messages.txt')

/**
 * K8. What was once spoken stays as it was: a change of a declaration that changes bytes of a version shows here. Lines are
 * added with new messages and versions (`CHRONICLE_GOLDEN=write`), never changed.
 */
test('K8: every message in every version has the bytes that it had', () => {
  const lines = goldenLines()
  if (process.env.CHRONICLE_GOLDEN === 'write') writeFileSync(file, `${lines.join('\n')}\n`)
  assert.deepEqual(lines, readFileSync(file, 'utf8').trimEnd().split('\n'))
})
