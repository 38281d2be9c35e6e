export { AssertionError, assert, unreachable } from './assert.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export { crc32c, crc32cCombine, crc32cRange } from './crc32c.ts'
export {
  ChronicleError,
  type ErrorDetails,
  type ErrorFamily,
  type ErrorSpec,
  errorFamily,
  messageOf,
} from './errors.ts'
export { Lifecycle, type Stoppable, type StopReport } from './lifecycle.ts'
export { BoundedQueue } from './queue.ts'
export { type Random, seededRandom, systemRandom } from './random.ts'
