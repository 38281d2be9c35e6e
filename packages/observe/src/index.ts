export type * from './contract.ts'
export { observeErrors } from './errors.ts'
export * from './event/index.ts'
export * from './projection/index.ts'
