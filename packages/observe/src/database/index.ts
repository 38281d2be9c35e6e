export type { Database, Queries, SqlValue } from './contract.ts'
export { type Migration, type MigrationReport, migrate, readMigrations } from './migrate.ts'
export { type DatabasePlace, openDatabase } from './open.ts'
