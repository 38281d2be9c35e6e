import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeptWindows } from '../src/windows/kept-windows.ts'
import { keptBytesMax, keptEventsMax } from '../src/windows/limits.ts'
import { windowMs } from './event-support.ts'

const event = { id: 'a', timestamp: '2026-11-21T12:00:00.000Z', event_type: 'note', data: {} }

function windowAt(place: number) {
  return { sessionId: Buffer.alloc(16, 1), start: place * windowMs }
}

test('CW7: windows that nobody takes are kept up to a number of events and of bytes, the oldest go first', () => {
  for (const [events, bytes] of [
    [1, keptBytesMax / 4],
    [keptEventsMax / 4, 1],
  ] as const) {
    const kept = new KeptWindows()
    const held = Array.from({ length: events }, () => event)
    for (let place = 0; place < 6; place++) kept.keep(windowAt(place), held, bytes)
    // The same once more takes the place of what it was.
    kept.keep(windowAt(5), held, bytes)
    const found = [0, 1, 2, 3, 4, 5].filter(place => kept.take(windowAt(place)) !== undefined)
    assert.deepEqual(found, [2, 3, 4, 5])
    assert.equal(kept.take(windowAt(5)), undefined, 'each is taken once')
  }
})
