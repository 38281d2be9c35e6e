export type {
  ByteRange,
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectRead,
  ObjectReader,
  ObjectStore,
  PutOptions,
} from './contract.ts'
export { objectErrors } from './errors.ts'
export { type LocalStoreOptions, openLocalStore } from './local/open.ts'
export { localObjectReader } from './local/read-only.ts'
export { probeConditions } from './probe.ts'
export { readObject, readObjectIfAny } from './read.ts'
