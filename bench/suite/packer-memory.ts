/** Resident memory of a process that packs, beyond what it has at rest with everything loaded. */
import path from 'node:path'
import { atMost, type Benchmark, mebibyte, single } from '../harness.ts'
import { writeEventRecords } from '../load/event-records.ts'
import type { Packed } from '../load/pack.ts'
import { packDay, packRing } from '../load/packing.ts'

const ringBytes = 64 * mebibyte
const dayBytes = 2e9
/** As long as a run over a day takes, one is enough. */
const ringsMax = 3

export const packerMemory: Benchmark = {
  name: 'packer-memory',
  about: `resident memory of the process, ${ringBytes / mebibyte} MiB of events from a ring and ${dayBytes / 1e9} GB of them in one run`,
  async run(context) {
    const records = path.join(context.directory, 'records')
    writeEventRecords(records)
    const rings: Packed[] = []
    while (rings.length < Math.min(context.rounds, ringsMax)) {
      context.progress(`ring ${rings.length + 1}`)
      rings.push(await packRing(context.directory, ringBytes, records))
    }
    context.progress('a day')
    const { events, bytes } = rings[0]!
    const bytesPerRecord = bytes / (events / 1000)
    const day = await packDay(context.directory, Math.ceil(dayBytes / bytesPerRecord), records)
    const millions = (day.events / 1e6).toFixed(1)
    return [
      single(
        'at rest',
        rings.map(({ restMB }) => restMB),
        'MB',
      ),
      single('beyond it at most, a full ring', rings.map(beyond), 'MB', atMost(100)),
      single(`beyond it at most, a day of ${millions} million events`, [beyond(day)], 'MB', atMost(100)),
      single('the same day', [(day.events * 1000) / day.milliseconds], 'events/s'),
    ]
  },
}

function beyond({ peakMB, restMB }: Packed): number {
  return peakMB - restMB
}
