export { packerErrors } from './errors.ts'
export * from './ring/index.ts'
