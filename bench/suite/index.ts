import type { Benchmark } from '../harness.ts'
import { limits } from './limits.ts'

/** Every benchmark, in the order in which they run. */
export const suite: readonly Benchmark[] = [limits]
