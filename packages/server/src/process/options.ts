import { totalmem } from 'node:os'
import type { BrokerLimits, GroupSettings } from '@chronicle/kafka'
import type { LogSettings } from '@chronicle/log'
import type { SessionSettings } from '@chronicle/sessions'
import { type WalLimits, walProfileFor, walProfiles } from '@chronicle/wal'
import type { ServerSettings } from '../settings.ts'

const megabyte = 1 << 20

/** Bytes that may wait for their sync, by produce profile. */
const unsyncedBytes = {
  'low-latency': 16 * megabyte,
  balanced: 32 * megabyte,
  'high-throughput': 128 * megabyte,
} as const satisfies Record<ServerSettings['produceProfile'], number>

/** The bounds of the write-ahead log: its memory from the WAL profile, what may wait from the produce profile. */
export function walLimits(settings: ServerSettings): WalLimits {
  const profile = walProfiles[settings.walProfile ?? walProfileFor(memoryBytes())]
  const unsyncedBytesMax = unsyncedBytes[settings.produceProfile]
  return {
    ...profile,
    fileBytesMax: settings.walRotationBytes,
    fileAgeMsMax: settings.walRotationMs,
    freeBytesMin: settings.diskFreeMin,
    unsyncedBytesMax,
    unsyncedBytesReadyMax: unsyncedBytesMax / 2,
    // What waits has to be in memory, besides what consumers read.
    tailBytesMax: Math.max(profile.tailBytesMax, 2 * unsyncedBytesMax),
  }
}

/** Memory of the machine, or what the container may use of it. */
function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}

export function logSettings({ retentionCheckMs, partitionsMax }: ServerSettings): Partial<LogSettings> {
  return { retentionCheckMs, partitionsMax }
}

export function brokerLimits(settings: ServerSettings, defaults: BrokerLimits): BrokerLimits {
  const { connectionsPerAddressMax } = settings
  return {
    ...defaults,
    frameBytesMax: settings.requestBytesMax,
    connectionsMax: settings.connectionsMax,
    ...(connectionsPerAddressMax === undefined ? {} : { connectionsPerAddressMax }),
    idleConnectionMsMax: settings.idleConnectionMs,
    inFlightBytesMax: settings.inFlightBytesMax,
    arrivingBytesMax: settings.inFlightBytesMax / 2,
    inFlightBytesPerConnectionMax: settings.inFlightBytesPerConnectionMax,
    fetchBytesMax: settings.fetchBytesMax,
    fetchWaitMsMax: settings.fetchWaitMsMax,
  }
}

export function groupSettings(settings: ServerSettings, defaults: GroupSettings): GroupSettings {
  return {
    ...defaults,
    sessionTimeoutMsMin: settings.groupSessionMsMin,
    sessionTimeoutMsMax: settings.groupSessionMsMax,
    initialRebalanceDelayMs: settings.groupRebalanceDelayMs,
    membersPerGroupMax: settings.groupMembersMax,
    offsetsRetentionMs: settings.offsetsRetentionMs,
  }
}

export function sessionSettings(settings: ServerSettings): SessionSettings {
  return {
    maxWorkers: settings.sessionsMaxWorkers,
    queueSize: settings.sessionsQueueSize,
    workerTimeoutMs: settings.sessionsWorkerTimeoutMs,
    batchSize: settings.sessionsBatchSize,
    pbkdf2Iterations: settings.sessionsPbkdf2Iterations,
    maxChunkBytes: settings.sessionsMaxChunkBytes,
    maxSessionBytes: settings.sessionsMaxSessionBytes,
    compressionEnabled: settings.sessionsCompressionEnabled,
    compressionLevel: settings.sessionsCompressionLevel,
  }
}
