/** Two processes at one ring: a writer in Node, which writes as fast as it can, and a reader, which releases what it has read. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@chronicle/base'
import { openRingReader } from '@chronicle/packer'
import { alternate, type Benchmark, type Context, kibibyte, mebibyte, megabyte, single } from '../harness.ts'
import { line, start } from '../processes.ts'

const capacityBytes = 64 * mebibyte
/** Of the writer: on a busy machine a start takes long. */
const startMsMax = 120_000
const sliceBytes = 4 * mebibyte
const payloads = { '1 KiB': kibibyte, '64 KiB': 64 * kibibyte, '256 KiB': 256 * kibibyte } as const

export const packerRing: Benchmark = {
  name: 'packer-ring',
  about: `a ring of ${capacityBytes / mebibyte} MiB between two processes, both in Node, with both checksums of each record`,
  async run(context) {
    const sides = Object.entries(payloads).map(
      ([name, bytes]) => [name, () => recordsPerSecond(context, bytes)] as const,
    )
    const figures = await alternate(context, Object.fromEntries(sides))
    return Object.entries(payloads).flatMap(([name, bytes]) => [
      single(`records of ${name}`, figures[name]!, 'records/s'),
      single(
        `records of ${name}`,
        figures[name]!.map(each => (each * bytes) / megabyte),
        'MB/s',
      ),
    ])
  },
}

async function recordsPerSecond({ directory, secondsPerRound }: Context, payloadBytes: number): Promise<number> {
  const ring = path.join(directory, 'ring')
  const program = fileURLToPath(new URL('../load/ring-writer.ts', import.meta.url))
  const args = [program, ring, String(payloadBytes)]
  const writer = await start(process.execPath, args, { ready: child => line(child, /^ready/m), startMsMax })
  const reader = openRingReader({ path: ring, backpressureThreshold: 0.8, clock: systemClock })
  try {
    const started = performance.now()
    let records = 0
    while (performance.now() - started < secondsPerRound * 1000) {
      const slice = reader.read(sliceBytes)
      if (!slice) await setImmediate()
      else {
        records += slice.records.length
        reader.release(slice.next)
      }
    }
    return (records * 1000) / (performance.now() - started)
  } finally {
    reader.close()
    await writer.kill()
    for (const suffix of ['', '.reader-lock', '.writer-lock']) rmSync(`${ring}${suffix}`, { force: true })
  }
}
