export type {
  Engine,
  LastRun,
  RetentionReport,
  RunProgress,
  RunReason,
  RunRequest,
  ServiceStatus,
  SourcePosition,
} from './contract.ts'
export { type ControlHandler, type ControlRequest, checkControlPath, serveControl } from './control.ts'
export { askPacker } from './control-client.ts'
export { inWords } from './failure.ts'
export {
  type DiskRoom,
  type HealthSources,
  type HealthStatus,
  type PackerCheck,
  type PackerHealth,
  packerHealth,
} from './health.ts'
export { PackerMetrics, type Sample } from './metrics.ts'
export { openPackerEngine, type PackerEngine, type PackerEngineOptions } from './packer-engine.ts'
export { PackerService, type PackerServiceOptions } from './packer-service.ts'
export { DailySchedule, lastDaily, nextDaily } from './schedule.ts'
