export { type Batch, type BatchReport, BatchWriter } from './batch-writer.ts'
export {
  type AgentColumns,
  agentsOfDay,
  type EventColumns,
  eventPageBytesMax,
  eventsOfTrace,
  latestDayOf,
  listTraces,
  type Page,
  type PageRequest,
  readTrace,
  type TraceColumns,
  type TraceFilter,
} from './queries.ts'
export { applyRetention, type RetentionReport } from './retention.ts'
export { Tables, type TablesOptions, type TablesState } from './tables.ts'
