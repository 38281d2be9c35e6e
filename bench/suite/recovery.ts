/** Scanning the log at a start after a crash: every entry of 1 GiB read and its checksums verified. */
import { totalmem } from 'node:os'
import path from 'node:path'
import { systemClock, systemRandom } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { nodeDisk, openDiskWal, walProfileFor, walProfiles } from '@chronicle/wal'
import { createTopic, startChronicle } from '../chronicle.ts'
import { alternate, type Benchmark, type Context, compare, ratioAtLeast } from '../harness.ts'
import { produce } from '../load/produce.ts'
import { crcBytesPerSecond } from './limits.ts'

export const gibibyte = 2 ** 30

export const recovery: Benchmark = {
  name: 'recovery',
  about: 'scan of 1 GiB of log after SIGKILL, warm, over the bare speed of CRC-32C',
  async run(context) {
    context.progress('filling 1 GiB')
    await fillAndKill(context, 'full', gibibyte)
    const directory = path.join(context.directory, 'full', 'wal')
    await scan(directory)
    const figures = await alternate(context, {
      scan: async () => (await scan(directory)) / 1e9,
      crc: async () => crcBytesPerSecond(64 * 1024, context.secondsPerRound / 2) / 1e9,
    })
    return [
      compare({
        what: 'recovery scan, 64 KiB batches',
        unit: 'GB/s',
        ours: figures.scan,
        peer: figures.crc,
        peerName: 'bare CRC-32C',
        target: ratioAtLeast(0.5),
      }),
    ]
  },
}

/** Bytes of log a second, replayed from its start. */
async function scan(directory: string): Promise<number> {
  let bytes = 0
  const started = performance.now()
  const wal = await openDiskWal({
    directory,
    disk: nodeDisk,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    registry: createRegistry(),
    limits: walProfiles[walProfileFor(totalmem())],
    events: { onDurable: () => undefined, onFailed: () => undefined },
    replayFrom: 0,
    onReplay: (_lsn, _stream, _kind, payload) => {
      bytes += payload.length
    },
  })
  const seconds = (performance.now() - started) / 1000
  await wal.close()
  if (bytes < 0.9 * gibibyte) throw new Error(`the scan found ${bytes} bytes of the ${gibibyte} that were acknowledged`)
  return bytes / seconds
}

/** Leaves the log as a crash leaves it: nothing closed, nothing marked as whole. */
export async function fillAndKill(context: Context, name: string, bytes: number): Promise<void> {
  const broker = await startChronicle(context, name)
  await createTopic(broker.port, 'bench', 4, {})
  const shape = { topic: 'bench', partitions: 4, connections: 4, inFlight: 8, recordsPerBatch: 63, valueBytes: 1024 }
  await produce(broker.port, { ...shape, seconds: 30, bytesMax: bytes })
  await broker.kill()
}
