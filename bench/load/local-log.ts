/** A log in the bench's own process, on the disk under test. */
import { totalmem } from 'node:os'
import path from 'node:path'
import { systemClock, systemRandom } from '@chronicle/base'
import { type Log, openLog } from '@chronicle/log'
import { createRegistry, Health, silentLogger } from '@chronicle/telemetry'
import { nodeDisk, openDiskWal, walProfileFor, walProfiles } from '@chronicle/wal'

export function openLocalLog(directory: string): Promise<Log> {
  const effects = { disk: nodeDisk, clock: systemClock, random: systemRandom, logger: silentLogger }
  const common = { ...effects, registry: createRegistry() }
  const limits = walProfiles[walProfileFor(totalmem())]
  return openLog({
    ...common,
    directory,
    health: new Health(),
    openWal: asked => openDiskWal({ ...common, ...asked, directory: path.join(directory, 'wal'), limits }),
  })
}
