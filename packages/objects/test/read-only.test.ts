import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemRandom } from '@chronicle/base'
import { localObjectReader, objectErrors, openLocalStore, readObject } from '../src/index.ts'

test('a reader sees what the store has, while it is open and after, and makes nothing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'objects-read-only-'))
  const reader = localObjectReader(join(directory, 'store'))
  const keys = async () => {
    const found: string[] = []
    for await (const { key } of reader.list({ prefix: 'A' })) found.push(key)
    return found
  }
  assert.deepEqual(await keys(), [])
  assert.deepEqual(readdirSync(directory), [])
  const store = await openLocalStore({ directory: join(directory, 'store'), random: systemRandom })
  await store.put('A b/c', Buffer.from('one'))
  await store.put('d', Buffer.from('two'))
  const before = readdirSync(directory, { recursive: true }).toSorted()
  assert.deepEqual(await keys(), ['A b/c'])
  assert.deepEqual(await reader.head('A b/c'), await store.head('A b/c'))
  assert.equal((await readObject(reader, 'A b/c', { bytesMax: 100 })).toString(), 'one')
  await assert.rejects(reader.get('A b'), error => objectErrors.is(error) && error.code === 'objects.not-found')
  await assert.rejects(reader.get('../d'), error => objectErrors.is(error) && error.code === 'objects.invalid-key')
  assert.deepEqual(readdirSync(directory, { recursive: true }).toSorted(), before)
  await store.close()
  assert.equal((await readObject(reader, 'd', { bytesMax: 100 })).toString(), 'two')
})
