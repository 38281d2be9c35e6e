export { type CheckResult, Health, type HealthReport } from './health.ts'
export { createLogger, type Logger, type LogLevel, logLevels, silentLogger } from './logger.ts'
export { Counter, createRegistry, Gauge, Histogram, type Registry } from './metrics.ts'
