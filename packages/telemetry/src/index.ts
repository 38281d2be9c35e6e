export { type CheckResult, Health, type HealthReport } from './health.ts'
export {
  createLogger,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  type LogMethod,
  logLevels,
  silentLogger,
} from './logger.ts'
export { Counter, collectProcessMetrics, createRegistry, Gauge, Histogram, type Registry } from './metrics.ts'
