/**
 * A broker whose disk says "synced" at once: what the same code does when durability costs nothing. For the bench alone;
 * the product has no such switch. It wires what the server wires, with one effect exchanged, and reads the same variables.
 */
import { totalmem } from 'node:os'
import path from 'node:path'
import { systemClock, systemRandom } from '@chronicle/base'
import { Broker, defaultBrokerLimits, defaultGroupSettings } from '@chronicle/kafka'
import { openLog } from '@chronicle/log'
import { createLogger, createRegistry, Health } from '@chronicle/telemetry'
import { type Disk, type DiskFile, nodeDisk, openDiskWal, walProfileFor, walProfiles } from '@chronicle/wal'

const syncsNothing: Disk = {
  ...nodeDisk,
  open: (file, mode) => unsynced(nodeDisk.open(file, mode)),
  syncDirectory: () => Promise.resolve(),
}

function unsynced(file: DiskFile): DiskFile {
  file.datasync = () => Promise.resolve()
  return file
}

const directory = variable('CHRONICLE_DATA_DIR')
const common = { disk: syncsNothing, clock: systemClock, random: systemRandom, registry: createRegistry() }
const logger = createLogger({ level: 'warn' })
const health = new Health()
const log = await openLog({
  ...common,
  directory,
  openWal: asked =>
    openDiskWal({ ...common, ...asked, directory: path.join(directory, 'wal'), limits: limits(), logger }),
  logger,
  health,
  settings: { retentionCheckMs: 1000 },
})
const broker = await Broker.start({
  ...common,
  log,
  logger,
  health,
  nodeId: 1,
  listener: {
    bindAddress: '127.0.0.1',
    port: Number(variable('CHRONICLE_KAFKA_PORT')),
    advertisedAddress: '127.0.0.1',
  },
  limits: defaultBrokerLimits,
  autoCreateTopics: true,
  defaultPartitions: 1,
  groups: defaultGroupSettings,
})
process.on('SIGTERM', async () => {
  await broker.stop()
  await log.close()
  process.exit(0)
})

/** The server's, with its default produce profile. */
function limits(): (typeof walProfiles)['high'] {
  const profile = walProfiles[walProfileFor(totalmem())]
  const unsyncedBytesMax = 32 * 1024 * 1024
  return {
    ...profile,
    unsyncedBytesMax,
    unsyncedBytesReadyMax: unsyncedBytesMax / 2,
    tailBytesMax: Math.max(profile.tailBytesMax, 2 * unsyncedBytesMax),
  }
}

function variable(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} has to be set`)
  return value
}
