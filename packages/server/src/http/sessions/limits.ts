import type { SessionSettings } from '@chronicle/sessions'
import type { BudgetLimits } from '../bytes-budget.ts'

const kilobyte = 1024
const megabyte = 1024 * kilobyte

/** Room for the names of the fields, the metadata (16 KiB) and white space. */
const besidesDataBytesMax = 64 * kilobyte

/** A batch is meant for many small chunks; large ones are posted one by one, or as raw bytes. */
const batchBytesUsual = 64 * megabyte

/** Bodies of JSON in memory at once. */
const jsonBytesUsual = 256 * megabyte
const jsonWaitingMax = 1000
const jsonWaitMsMax = 5_000

/** Body of a chunk in JSON: base64 takes four bytes for three. */
export function chunkJsonBytesMax({ maxChunkBytes }: SessionSettings): number {
  return Math.ceil(maxChunkBytes / 3) * 4 + besidesDataBytesMax
}

/** Body of a batch: at least the largest chunk fits. */
export function batchBytesMax(settings: SessionSettings): number {
  return Math.max(batchBytesUsual, chunkJsonBytesMax(settings))
}

export function jsonBudget(settings: SessionSettings): BudgetLimits {
  const bytesMax = Math.max(jsonBytesUsual, batchBytesMax(settings))
  return { bytesMax, waitingMax: jsonWaitingMax, waitMsMax: jsonWaitMsMax }
}
