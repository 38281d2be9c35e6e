import { logErrors } from './errors.ts'

const KiB = 1024
const MiB = 1024 * KiB

/** Every bound of the log. Bytes, milliseconds and counts. */
export type LogSettings = {
  /** How often retention is looked at … */
  readonly retentionCheckMs: number
  /** … and after how much growth of the write-ahead log, whatever the clock says. */
  readonly retentionGrowthBytes: number
  /** When snapshots alone keep this much from being given back, one is taken before its time. */
  readonly reclaimBytesMin: number
  /** Memory for all partitions' batch indexes; above it the older parts become coarser. */
  readonly indexBytesMax: number
  /** A snapshot is taken when the write-ahead log has grown this much since the last one (or by 16 times that one's size) … */
  readonly snapshotGrowthBytes: number
  /** … or at this age, if anything has changed. */
  readonly snapshotAgeMsMax: number
  /** A producer that has been silent for this long is forgotten. */
  readonly producerExpirationMs: number
  /** Producers remembered in all partitions together; above it the longest silent are forgotten. */
  readonly producersMax: number
  /** Partitions of all topics together. */
  readonly partitionsMax: number
  /** Groups with a state or with committed offsets. */
  readonly groupsMax: number
  /** One entry of the metadata. */
  readonly metadataEntryBytesMax: number
  /** Metadata entries that wait to become durable. */
  readonly metadataPendingMax: number
  /** What the records of one batch may decompress to. */
  readonly decompressedBytesMax: number
}

export const defaultLogSettings: LogSettings = {
  retentionCheckMs: 300_000,
  retentionGrowthBytes: 128 * MiB,
  reclaimBytesMin: 64 * MiB,
  indexBytesMax: 64 * MiB,
  snapshotGrowthBytes: 256 * MiB,
  snapshotAgeMsMax: 30 * 60_000,
  producerExpirationMs: 86_400_000,
  producersMax: 100_000,
  partitionsMax: 20_000,
  groupsMax: 100_000,
  metadataEntryBytesMax: 8 * MiB,
  metadataPendingMax: 10_000,
  decompressedBytesMax: 64 * MiB,
}

const ranges: { readonly [Name in keyof LogSettings]: readonly [min: number, max: number] } = {
  retentionCheckMs: [100, 86_400_000],
  retentionGrowthBytes: [4 * KiB, 2 ** 40],
  reclaimBytesMin: [4 * KiB, 2 ** 40],
  indexBytesMax: [KiB, 2 ** 40],
  snapshotGrowthBytes: [4 * KiB, 2 ** 40],
  snapshotAgeMsMax: [1_000, 365 * 86_400_000],
  producerExpirationMs: [1_000, 365 * 86_400_000],
  producersMax: [10, 10_000_000],
  partitionsMax: [1, 1_000_000],
  groupsMax: [1, 10_000_000],
  metadataEntryBytesMax: [4 * KiB, 64 * MiB],
  metadataPendingMax: [1, 1_000_000],
  decompressedBytesMax: [64 * KiB, 1024 * MiB],
}

/** The settings with their defaults filled in. Throws 'log.invalid-setting' for one that is out of its range. */
export function resolveSettings(given: Partial<LogSettings>): LogSettings {
  const settings = { ...defaultLogSettings, ...given }
  for (const name of Object.keys(ranges) as (keyof LogSettings)[]) {
    const [min, max] = ranges[name]
    const value = settings[name]
    if (!(value >= min && value <= max)) {
      throw logErrors.create('log.invalid-setting', { setting: name, value, accepted: `${min} to ${max}` })
    }
  }
  return settings
}
