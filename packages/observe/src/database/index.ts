export type { Database, Queries, SqlValue, Transaction } from './contract.ts'
export {
  inspectMigrations,
  type Migration,
  type MigrationReport,
  type MigrationState,
  migrate,
  readMigrations,
} from './migrate.ts'
export { type DatabasePlace, openDatabase } from './open.ts'
