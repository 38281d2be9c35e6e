export { packerErrors } from './errors.ts'
export * from './frames/index.ts'
export * from './parquet/index.ts'
export * from './ring/index.ts'
