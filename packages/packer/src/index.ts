export { type Archive, type ArchiveOptions, openArchive } from './archive/archive.ts'
export { type ArchiveSettings, archiveSettingsOf } from './archive/archive-settings.ts'
export type {
  ArchivedFile,
  ArchivedKind,
  ArchiveKeys,
  EventSource,
  RunReport,
  SourceSlice,
} from './archive/contract.ts'
export { type ArchivedEvent, type PlainRanges, readEvents } from './archive/event-rows.ts'
export type { Manifest } from './archive/manifest-file.ts'
export { openArchiveReader } from './archive/reader.ts'
export type { ArchiveFilter, ArchiveReader, ArchiveReaderOptions } from './archive/reader-contract.ts'
export { packerErrors } from './errors.ts'
export * from './frames/index.ts'
export * from './intake/index.ts'
export * from './parquet/index.ts'
export * from './ring/index.ts'
export { type DrainOptions, drain } from './run/drain.ts'
export * from './service/index.ts'
export { basePathDefault, logPathDefault, packerSettings } from './settings.ts'
export { checkTogether } from './settings-together.ts'
export type { PackerSettings } from './settings-type.ts'
export { brokerAddresses, type DayTime, topicNames } from './settings-types.ts'
export * from './topic/index.ts'
