/** PI3: whatever bytes are given as a record, they are decoded or refused. */
import assert from 'node:assert/strict'
import type { Random } from '@chronicle/base'
import { damaged, type FuzzInput, type FuzzTarget, noise } from '@chronicle/testing'
import type { Refusal } from '../src/intake/contract.ts'
import { decodeEvents, decodeFrames } from '../src/intake/index.ts'
import { end } from './arrow-bytes.ts'
import { event, eventStream, frameStream, type TextLayout } from './intake-support.ts'

class RecordRefused extends Error {}

const layouts: readonly TextLayout[] = ['utf8', 'large_utf8', 'dictionary']
const frame = {
  timestamp_ns: 1n,
  session_id: 's',
  event_id: 'e',
  format: 'rgba',
  image: Buffer.alloc(64),
  metadata: '{}',
}
const events = layouts.map(layout => Buffer.from(eventStream([event(0), event(1), event(2)], layout)))
const frames = Buffer.from(frameStream([{ ...frame, width: 4, height: 4, stride: 16 }]))

export function recordTargets(): FuzzTarget[] {
  return [
    target(
      'record of events',
      random => events[random.int(events.length)]!,
      bytes => {
        return decodeEvents(bytes).flatMap(({ refusals }) => refusals)
      },
    ),
    target(
      'record of frames',
      () => frames,
      bytes => decodeFrames(bytes).refusals,
    ),
  ]
}

function target(
  name: string,
  valid: (random: Random) => Buffer,
  decode: (bytes: Buffer) => readonly Refusal[],
): FuzzTarget {
  return {
    name,
    input: random => inputOf(random, Buffer.from(valid(random))),
    run({ bytes }) {
      const refused = decode(bytes).find(({ row }) => row === undefined)
      if (refused === undefined) return
      assert.deepEqual(Buffer.from(refused.content), bytes)
      throw new RecordRefused(refused.detail)
    },
    isRefusal: error => error instanceof RecordRefused,
  }
}

/** What is damaged gets its end back now and then: without one, nothing else is looked at. */
function inputOf(random: Random, valid: Buffer): FuzzInput {
  const { bytes, intact } = random.int(5) === 0 ? { bytes: noise(random), intact: false } : damaged(random, valid)
  return intact || random.int(5) === 0
    ? { bytes, intact }
    : { bytes: Buffer.concat([bytes.subarray(0, -end.length), end]), intact }
}
