/** A ring full of events, and the same events as a file for those that read no rings. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { openRingWriter } from '@chronicle/packer'
import { EventRecords } from './event-records.ts'

/** Makes a ring and fills it; how many records went in. */
export async function fillRing(path: string, capacityBytes: number, records: string): Promise<number> {
  const writer = await openRingWriter({ path, capacityBytes })
  const source = new EventRecords(records)
  try {
    let count = 0
    while (await writer.write('events', source.next(), 0)) count++
    return count
  } finally {
    source.close()
    writer.close()
  }
}

/** The first `count` records as Arrow IPC streams, one behind the other. */
export function writeStreams(path: string, count: number, records: string): void {
  const source = new EventRecords(records)
  const file = openSync(path, 'w')
  for (let left = count; left > 0; left--) writeSync(file, source.next())
  closeSync(file)
  source.close()
}
