import { rawMessageAt } from '../intake/arrow/message.ts'
import type { SchemaReader } from '../intake/arrow/stream.ts'
import { RecordRefused } from '../intake/refused.ts'
import { eventSchema, frameSchema } from '../intake/schema.ts'

/** How every Arrow IPC stream begins: the marker of its first message. */
const marker = Buffer.from('ffffffff', 'hex')

/** What a value holds that is an Arrow IPC stream as recorders write it; undefined for every other one. */
export function arrowKindOf(value: Uint8Array): 'events' | 'frames' | undefined {
  if (!marker.equals(value.subarray(0, marker.length))) return undefined
  if (isReadBy(eventSchema, value)) return 'events'
  return isReadBy(frameSchema, value) ? 'frames' : undefined
}

function isReadBy(readSchema: SchemaReader, value: Uint8Array): boolean {
  try {
    const first = rawMessageAt(value, 0)
    if (first) readSchema(value, first)
    return first !== undefined
  } catch (error) {
    if (error instanceof RecordRefused) return false
    throw error
  }
}
