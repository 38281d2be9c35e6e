import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemRandom } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { walContract } from '@chronicle/testing'
import { nodeDisk, openDiskWal } from '../src/index.ts'
import { smallLimits } from './support.ts'

for (const [name, changed] of Object.entries({
  'recent entries read from memory': {},
  'read from files, synchronously': { tailBytesMax: 32 * 1024, warmBytesMax: 2 ** 40 },
  'read from files, in the background': { tailBytesMax: 32 * 1024, warmBytesMax: 0 },
})) {
  walContract(`a disk, ${name}`, () => {
    const root = mkdtempSync(join(tmpdir(), 'chronicle-wal-'))
    return {
      open: (replayFrom, onReplay, events) =>
        openDiskWal({
          directory: join(root, 'wal'),
          disk: nodeDisk,
          clock: systemClock,
          random: systemRandom,
          logger: silentLogger,
          registry: createRegistry(),
          limits: { ...smallLimits, ...changed },
          replayFrom,
          onReplay,
          events,
        }),
      dispose: () => rmSync(root, { recursive: true }),
    }
  })
}
