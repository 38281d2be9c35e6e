import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { nodeDisk } from '../src/index.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chronicle-disk-'))
})
afterEach(() => rmSync(root, { recursive: true }))

test('more pieces than one call takes, and empty ones, are written in order', async () => {
  const pieces = Array.from({ length: 2500 }, (_, n) => Buffer.alloc(n % 7, n))
  for (const background of [false, true]) {
    const path = join(root, `pieces-${background}`)
    const file = nodeDisk.open(path, 'create')
    if (background) await file.write(pieces, 3)
    else file.writeSync(pieces, 3)
    await file.datasync()
    assert.equal(file.size(), 3 + Buffer.concat(pieces).length)
    file.close()
    assert.deepEqual(readFileSync(path), Buffer.concat([Buffer.alloc(3), ...pieces]))
  }
})

test('files are made, renamed, listed, cut and removed', async () => {
  const directory = join(root, 'a', 'b')
  nodeDisk.makeDirectory(directory)
  const file = nodeDisk.open(join(directory, 'one'), 'create')
  assert.throws(() => nodeDisk.open(join(directory, 'one'), 'create'), { code: 'EEXIST' })
  assert.throws(() => nodeDisk.open(join(directory, 'two'), 'write'), { code: 'ENOENT' })
  file.writeSync([Buffer.from('hello world')], 0)
  file.truncate(5)
  nodeDisk.rename(file.path, join(directory, 'two'))
  await nodeDisk.syncDirectory(directory)
  assert.deepEqual(nodeDisk.list(directory), ['two'])
  const target = Buffer.alloc(10)
  assert.equal(file.readSync(target, 2, 8, 1), 4)
  assert.equal(await file.read(target, 0, 10, 5), 0)
  assert.equal(target.toString('latin1', 2, 6), 'ello')
  file.close()
  nodeDisk.remove(join(directory, 'two'))
  assert.deepEqual(nodeDisk.list(directory), [])
  assert.ok((await nodeDisk.freeBytes(directory)) > 0)
})
