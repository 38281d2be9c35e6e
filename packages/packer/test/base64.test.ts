import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64Of } from '../src/base64.ts'
import { quarantineLine } from '../src/run/quarantine-line.ts'

const pieceBytes = 3 * 1024 * 1024

// PA6
test('bytes become the text that they always are, whatever their number', () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 2 * pieceBytes + 2 }, (_, at) => at * 7))
  for (const length of [0, 1, 2, 3, pieceBytes - 1, pieceBytes, pieceBytes + 1, 2 * pieceBytes + 2]) {
    // A view that does not begin where its memory does.
    const view = bytes.subarray(bytes.length - length)
    assert.equal(base64Of(view).toString(), view.toString('base64'), `${length}`)
  }
})

test('PA6: a line of a quarantine file is JSON, with the content to the byte', () => {
  const content = Buffer.from([0, 255, 10, 34])
  const refusal = { reason: 'not-arrow', detail: 'a "word"\n', content } as const
  const line = quarantineLine(refusal, 'ring/1', 8, '2026-11-20T10:00:00.000Z').toString()
  const at = '2026-11-20T10:00:00.000Z'
  const wanted = { reason: 'not-arrow', detail: 'a "word"\n', source: 'ring/1', position: 8, at, content: 'AP8KIg==' }
  assert.deepEqual(JSON.parse(line), wanted)
  assert.equal(line.indexOf('\n'), line.length - 1)
})
