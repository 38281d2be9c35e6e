export { type CheckResult, Health, type HealthReport } from './health.ts'
export { type LogLevel, logLevels } from './line.ts'
export {
  createLogger,
  type Logger,
  type LoggerOptions,
  type LogMethod,
  silentLogger,
} from './logger.ts'
export { Counter, collectProcessMetrics, createRegistry, Gauge, Histogram, type Registry } from './metrics.ts'
