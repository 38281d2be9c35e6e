/** From lines to portions that a request takes. */

import { PassThrough, pipeline } from 'node:stream'
import { messageOf, systemClock, systemRandom } from '@chronicle/base'
import { uuidV7 } from '@chronicle/observe'
import { serverErrors } from '../../errors.ts'
import { linesOf } from '../lines.ts'

/** A line that may be an event, with its number, counted from 1. */
export type NumberedLine = { readonly line: number; readonly bytes: Buffer }

/** What one request carries at most. A single line may have more, and is sent alone. */
const portionLinesMax = 1_000
const portionBytesMax = 1 << 20

/** What has come of the input goes at once, in portions. Blank lines are passed over. */
export async function* portionsOf(input: NodeJS.ReadableStream): AsyncGenerator<NumberedLine[]> {
  let line = 0
  for await (const lines of linesOf(readable(input))) {
    let portion: NumberedLine[] = []
    let portionBytes = 0
    for (const text of lines) {
      line++
      if (isBlank(text)) continue
      const bytes = withId(text)
      const isFull = portion.length === portionLinesMax || portionBytes + bytes.length > portionBytesMax
      if (isFull && portion.length > 0) {
        yield portion
        portion = []
        portionBytes = 0
      }
      portion.push({ line, bytes })
      portionBytes += bytes.length
    }
    if (portion.length > 0) yield portion
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every(byte => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

/** S31. An event that brings no id gets one, so that sending it again changes nothing. What is no event stays as it is: the server says why, and keeps it. */
function withId(bytes: Buffer): Buffer {
  const event = parsed(bytes)
  if (!isEvent(event) || (event.event_id !== undefined && event.event_id !== null)) return bytes
  // As the last member: of two with one name it is the last that counts. The rest of the line stays as it was written.
  const end = bytes.lastIndexOf('}')
  const id = `,"event_id":"${uuidV7(systemClock.now(), systemRandom)}"}`
  return Buffer.concat([bytes.subarray(0, end), Buffer.from(id)])
}

function isEvent(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && 'trace_id' in value && 'event_type' in value
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

/** What comes while a portion is under way gathers, so that the next one is as large as it may be. */
async function* readable(input: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  const gathered = new PassThrough({ highWaterMark: portionBytesMax })
  // An error of the input ends what is gathered with that error, which is thrown below.
  pipeline(input, gathered, () => undefined)
  try {
    for await (const bytes of gathered) yield bytes as Uint8Array
  } catch (error) {
    throw serverErrors.create('server.unreadable-input', { reason: messageOf(error) }, error)
  }
}
