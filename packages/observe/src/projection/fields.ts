/** What the projections read of an event's metadata. Whatever is not of the expected form is as if it were not there. */

import { Buffer } from 'node:buffer'
import type { Json, SwarmEvent } from '../contract.ts'
import type { LifecycleType } from './lifecycle.ts'
import { errorBytesMax, nameBytesMax, scoringBreakdownBytesMax, titleBytesMax } from './limits.ts'

export type EventFields = {
  readonly title?: string | undefined
  readonly owner?: string | undefined
  readonly scoring?: Json | undefined
  readonly agent?: string | undefined
  readonly error?: string | undefined
  /** Of final events: who ended the trace. */
  readonly source?: string
}

export function readFields(type: LifecycleType, { metadata, source }: SwarmEvent): EventFields {
  switch (type) {
    case 'task.created':
      return {
        title: titleOf(metadata.title),
        owner: nameOf(metadata.owner),
        scoring: scoringOf(metadata.scoring_breakdown),
      }
    case 'task.assigned':
      return { agent: nameOf(metadata.agent) }
    case 'task.started':
      return {}
    case 'task.failed':
      return { error: errorOf(metadata.error), source }
    case 'task.completed':
    case 'task.timeout':
      return { source }
  }
}

/** An agent or owner: a text that is not empty, nor too long to be a key. */
export function nameOf(value: Json | undefined): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return Buffer.byteLength(value) <= nameBytesMax ? value : undefined
}

function titleOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? cut(value, titleBytesMax) : undefined
}

/** Some senders put an object here: its JSON text says more than nothing. */
function errorOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  return cut(typeof value === 'string' ? value : JSON.stringify(value), errorBytesMax)
}

function scoringOf(value: Json | undefined): Json | undefined {
  if (value === undefined || value === null) return undefined
  return Buffer.byteLength(JSON.stringify(value)) <= scoringBreakdownBytesMax ? value : undefined
}

/** The longest beginning of `text` that fits, in whole characters. */
function cut(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytesMax))
  return text.slice(0, read)
}
