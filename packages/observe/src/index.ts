export type * from './contract.ts'
export { observeErrors } from './errors.ts'
