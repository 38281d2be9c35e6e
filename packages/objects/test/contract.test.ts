import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@chronicle/base'
import { objectStoreContract } from '@chronicle/testing'
import { openLocalStore } from '../src/index.ts'

// O2 and O5, beside others, are in the suite.
objectStoreContract('a local disk', () => {
  const root = mkdtempSync(join(tmpdir(), 'chronicle-objects-'))
  return {
    open: () => openLocalStore({ directory: join(root, 'objects'), random: systemRandom }),
    dispose: () => rmSync(root, { recursive: true }),
  }
})
