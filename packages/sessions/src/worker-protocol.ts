/**
 * What main thread and worker say to each other. A job is one chunk; a worker has many, and answers each frame with exactly one message:
 *
 * ```text
 * main                                    worker
 * key ref, key                            –                 once for each key that the worker has not got
 * seal job, ref, order, first frame   →   sealed            the last frame's answer has the summary
 * frame job, frame                    →   sealed
 * abort job                           →   –                 the job is forgotten; answers under way are ignored
 * forget refs                         →   –                 keys that are not used any more, or were destroyed
 *                                     ←   failed            instead of 'sealed': the job is over
 * ```
 *
 * Frames are transferred, not copied, and their memory comes back with the answer to be filled again: so a job never holds more than the frames that its
 * sender has made for it.
 */
import type { SealKey } from '@chronicle/vault'
import type { ChunkOrder, ChunkSummary } from './chunk-sealer.ts'

/** `bytes` of the payload at the front of `memory`. */
export type Frame = { readonly memory: ArrayBuffer; readonly bytes: number; readonly isLast: boolean }

export type ToWorker =
  | { readonly type: 'key'; readonly ref: string; readonly key: SealKey }
  | {
      readonly type: 'seal'
      readonly job: number
      readonly ref: string
      readonly order: ChunkOrder
      readonly frame: Frame
    }
  | { readonly type: 'frame'; readonly job: number; readonly frame: Frame }
  | { readonly type: 'abort'; readonly job: number }
  | { readonly type: 'forget'; readonly refs: readonly string[] }

export type FromWorker =
  | {
      readonly type: 'sealed'
      readonly job: number
      readonly sealed: Uint8Array<ArrayBuffer>
      readonly memory: ArrayBuffer
      /** With the answer to the last frame. */
      readonly summary?: ChunkSummary
    }
  | { readonly type: 'failed'; readonly job: number; readonly reason: string }

/** How a key is called between the two. */
export function keyRef({ id, epoch }: Pick<SealKey, 'id' | 'epoch'>): string {
  return `${id}/${epoch}`
}
