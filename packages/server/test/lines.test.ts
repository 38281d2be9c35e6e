import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { lineBytesMax, linesOf } from '../src/cli/lines.ts'

async function* chunked(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    if (size > 0) yield bytes.subarray(at, at + size)
    at += size
  }
  if (at < bytes.length) yield bytes.subarray(at)
}

async function collect(batches: AsyncIterable<Buffer[]>): Promise<Buffer[]> {
  const lines: Buffer[] = []
  for await (const batch of batches) lines.push(...batch)
  return lines
}

test('lines are what stands between line feeds, wherever the chunks are cut', async () => {
  const bytes = fc.uint8Array({ maxLength: 60 }).map(values => Buffer.from(values.map(value => value % 13)))
  const sizes = fc.array(fc.nat(9), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(bytes, sizes, async (input, cuts) => {
      const lines = (await collect(linesOf(chunked(input, cuts)))).map(line => line.toString('latin1'))
      const expected = input.toString('latin1').split('\n')
      if (expected.at(-1) === '') expected.pop()
      assert.deepEqual(lines, expected)
    }),
  )
})

test('a line without end is refused before it fills the memory', async () => {
  const chunk = Buffer.alloc(1 << 20, 'x')
  const endless = (async function* () {
    for (let bytes = 0; bytes <= 2 * lineBytesMax; bytes += chunk.length) yield chunk
    assert.fail('read on')
  })()
  await assert.rejects(collect(linesOf(endless)), { code: 'server.invalid-line' })
})
