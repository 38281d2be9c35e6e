import type { Benchmark } from '../harness.ts'
import { captureBatch } from './capture-batch.ts'
import { captureIngest } from './capture-ingest.ts'
import { captureScreenshot } from './capture-screenshot.ts'
import { captureSteady } from './capture-steady.ts'
import { chunks } from './chunks.ts'
import { besideApache, besideMock } from './clients.ts'
import { fetching } from './fetch.ts'
import { latency } from './latency.ts'
import { limits } from './limits.ts'
import { memory } from './memory.ts'
import { observeApi } from './observe-api.ts'
import { observeLatency } from './observe-latency.ts'
import { observeTables } from './observe-tables.ts'
import { packer } from './packer.ts'
import { packerFrames } from './packer-frames.ts'
import { packerMemory } from './packer-memory.ts'
import { packerRing } from './packer-ring.ts'
import { packerSums } from './packer-sums.ts'
import { largeBatches, manyPartitions } from './produce.ts'
import { recovery } from './recovery.ts'
import { sealing } from './sealing.ts'
import { smallRequests } from './small.ts'
import { starting } from './start.ts'
import { tailing } from './tail.ts'
import { trees } from './trees.ts'

/** Every benchmark, in the order in which they run. */
export const suite: readonly Benchmark[] = [
  limits,
  largeBatches,
  manyPartitions,
  smallRequests,
  latency,
  fetching,
  tailing,
  besideMock,
  besideApache,
  recovery,
  memory,
  starting,
  sealing,
  trees,
  chunks,
  packer,
  packerMemory,
  packerSums,
  packerFrames,
  packerRing,
  observeTables,
  observeLatency,
  observeApi,
  captureSteady,
  captureIngest,
  captureBatch,
  captureScreenshot,
]
