/** From a full ring to verified, sealed Parquet, beside what writes Parquet from memory and does nothing else. */
import path from 'node:path'
import {
  alternate,
  atLeast,
  type Benchmark,
  type Context,
  compare,
  mebibyte,
  PeerMissing,
  ratioAtLeast,
  single,
} from '../harness.ts'
import { rowsPerRecord, writeEventRecords } from '../load/event-records.ts'
import type { Packed } from '../load/pack.ts'
import { packRing } from '../load/packing.ts'
import { writeStreams } from '../load/ring.ts'
import { type ParquetWriters, startParquetWriters } from '../peers/parquet-writers.ts'

const ringBytes = 256 * mebibyte

export const packer: Benchmark = {
  name: 'packer',
  about: `a ring of ${ringBytes / mebibyte} MiB full of events, emptied by a process that has just started; peers write the same rows from memory, unsealed`,
  async run(context) {
    const records = path.join(context.directory, 'records')
    writeEventRecords(records)
    context.progress('once, not counted')
    const first = await packRing(context.directory, ringBytes, records)
    const packed: Packed[] = []
    const ours = async () => {
      packed.push(await packRing(context.directory, ringBytes, records))
      return eventsPerSecond(packed.at(-1)!)
    }
    try {
      return [...(await besidePeers(context, records, first, ours)), ...processorRows(packed)]
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error
      const { alone } = await alternate(context, { alone: ours })
      return [floorRow(alone), { what: 'beside PyArrow and DuckDB', skipped: error.message }, ...processorRows(packed)]
    }
  },
}

async function besidePeers(context: Context, records: string, first: Packed, ours: () => Promise<number>) {
  const streams = path.join(context.directory, 'rows.arrows')
  writeStreams(streams, first.events / rowsPerRecord, records)
  context.progress('starting PyArrow and DuckDB')
  const writers = await startParquetWriters(streams, context.directory)
  try {
    return await compared(context, writers, ours)
  } finally {
    writers.stop()
  }
}

async function compared(context: Context, writers: ParquetWriters, ours: () => Promise<number>) {
  // The first write of a process costs several times the others: its memory is new.
  for (const writer of ['pyarrow', 'duckdb'] as const) await writers.write(writer)
  const processor: number[] = []
  const figures = await alternate(context, {
    ours,
    pyarrow: async () => {
      const { rowsPerSecond, processorSeconds } = await writers.write('pyarrow')
      processor.push(processorSeconds)
      return rowsPerSecond
    },
    duckdb: async () => (await writers.write('duckdb')).rowsPerSecond,
  })
  const what = 'ring to verified, sealed Parquet'
  const row = { unit: 'events/s', ours: figures.ours, peerUnit: 'rows/s' }
  return [
    floorRow(figures.ours),
    compare({ what, ...row, peer: figures.pyarrow, peerName: 'PyArrow, Parquet alone', target: ratioAtLeast(1) }),
    compare({ what, ...row, peer: figures.duckdb, peerName: 'DuckDB, Parquet alone, 2 threads' }),
    single('processor time of PyArrow', processor, 's'),
  ]
}

function floorRow(figures: readonly number[]) {
  return single('events from ring to verified, sealed Parquet', figures, 'events/s', atLeast(250_000))
}

function processorRows(packed: readonly Packed[]) {
  const seconds = (take: (each: Packed) => number) => packed.map(each => take(each) / 1000)
  return [
    single(
      'processor time of the thread that reads',
      seconds(each => each.readingMs),
      's',
    ),
    single(
      'processor time of the thread that writes, with collector and compiler',
      seconds(each => each.otherMs),
      's',
    ),
  ]
}

function eventsPerSecond({ events, milliseconds }: Packed): number {
  return (events * 1000) / milliseconds
}
