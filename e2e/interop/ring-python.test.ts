/** The recorder in Python, with the C header as a library: what PyArrow writes into a ring, the packer reads. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createRing, decodeEvents, openRingReader } from '@chronicle/packer'
import { interopPython } from './python.ts'
import { missingProgram, run } from './toolchain.ts'

const examples = join(import.meta.dirname, '../../examples')
const directory = mkdtempSync(join(tmpdir(), 'ring-python-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const { python, missing } = interopPython('arrow')
const skip = missing ?? missingProgram('cc', ['--version'], 'install a C compiler') ?? false

test('ring_writer.py writes events that the packer reads', { skip }, async () => {
  const ring = join(directory, 'ring')
  await createRing({ path: ring, capacityBytes: 65_536 })
  cpSync(join(examples, 'ring-writer-python/ring_writer.py'), join(directory, 'ring_writer.py'))
  const strict = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-pedantic']
  const source = join(examples, 'ring-writer-python/ring_library.c')
  const library = join(directory, 'ring_library.so')
  run('cc', [...strict, '-shared', '-fPIC', `-I${join(examples, 'ring-writer-c')}`, '-o', library, source])
  assert.equal(run(python, [join(directory, 'ring_writer.py'), ring]), '2 events are in the ring\n')
  const reader = openRingReader({ path: ring })
  const { records, damage } = reader.read(65_536)!
  assert.deepEqual([records.length, damage], [1, []])
  const [{ columns, refusals }] = decodeEvents(records[0]!.payload) as [ReturnType<typeof decodeEvents>[number]]
  assert.deepEqual([columns.rows, refusals], [2, []])
  reader.close()
  assert.throws(() => run(python, [join(directory, 'ring_writer.py'), join(directory, 'none')]), /no file there|none: /)
})
