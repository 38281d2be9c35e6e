/** Loads of fetch requests: over a stretch of old records again and again, or behind the producers at the tail. */
import { connect } from './ask.ts'
import { endOffsetAt, endOffsetRequest, fetchAnswer, fetchRequest } from './frames.ts'
import type { Load } from './pipe.ts'

/** A partition filled with equal batches, so that an answer's size tells the next offset. */
export type Filled = {
  readonly topic: string
  readonly partition: number
  readonly batchBytes: number
  readonly recordsPerBatch: number
}

/** Reads offsets [from, to) over and over, `bytesMax` at a time. */
export function fetchLoad(
  filled: Filled,
  options: { from: number; to: number; bytesMax: number; inFlight: number },
): Load {
  const batches = Math.max(1, Math.floor(options.bytesMax / filled.batchBytes))
  const step = batches * filled.recordsPerBatch
  const requests: Buffer[] = []
  for (let offset = options.from; offset + step <= options.to; offset += step) {
    requests.push(fetchRequest(filled.topic, filled.partition, { ...options, offset, bytesMin: 1, waitMs: 500 }))
  }
  if (requests.length === 0) throw new Error(`no answer of ${options.bytesMax} bytes fits between the offsets`)
  let at = 0
  return {
    inFlight: options.inFlight,
    next: () => requests[at++ % requests.length],
    check(head) {
      const { recordsBytes } = answerOf(head, filled)
      if (recordsBytes < batches * filled.batchBytes) {
        throw new Error(`a fetch of ${batches * filled.batchBytes} bytes brought ${recordsBytes}`)
      }
    },
  }
}

/** Follows the end of a partition from `offset` on and counts the bytes of records in `onBytes`. */
export function tailLoad(
  filled: Filled,
  options: { offset: number; bytesMax: number; onBytes(bytes: number): void },
): Load {
  let { offset } = options
  return {
    inFlight: 1,
    next: () =>
      fetchRequest(filled.topic, filled.partition, { offset, bytesMin: 1, bytesMax: options.bytesMax, waitMs: 200 }),
    check(head) {
      const { recordsBytes } = answerOf(head, filled)
      offset += Math.floor(recordsBytes / filled.batchBytes) * filled.recordsPerBatch
      options.onBytes(recordsBytes)
    },
  }
}

/** The offset that the next record of a partition will get. */
export async function endOffset(port: number, topic: string, partition: number): Promise<number> {
  const { ask, close } = await connect(port)
  const head = await ask(endOffsetRequest(topic, partition))
  close()
  return Number(head.readBigInt64BE(endOffsetAt(topic)))
}

function answerOf(head: Buffer, filled: Filled): { recordsBytes: number } {
  const answer = fetchAnswer(head, filled.topic)
  if (answer.errorCode !== 0) {
    throw new Error(`a fetch from ${filled.topic} was refused with Kafka's error ${answer.errorCode}`)
  }
  return answer
}
