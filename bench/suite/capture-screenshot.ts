/** A large screenshot, from its publication until it is measured and stored. */
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultConfig, StorageModule } from '@chronicle/capture'
import sharp from 'sharp'
import {
  alternate,
  atMost,
  type Benchmark,
  type Context,
  compare,
  median,
  megabyte,
  type Row,
  single,
} from '../harness.ts'
import { busyScreens, type Picture } from '../load/busy-screen.ts'

/** Of a round; the median counts. */
const shotsPerRound = 5
const metadata = {
  window_title: 'a photograph',
  app_name: 'viewer',
  screen_region: { x: 0, y: 0, width: 2560, height: 1440 },
  privacy_masked: false,
}

export const captureScreenshot: Benchmark = {
  name: 'capture-screenshot',
  about:
    'a screenshot of 2560 × 1440, copied, hashed, measured from its pixels and stored, beside the image library decoding it on one thread',
  async run(context) {
    const rows: Row[] = []
    for (const picture of await busyScreens()) rows.push(...(await rowsOf(context, picture)))
    return rows
  },
}

async function rowsOf(context: Context, { format, bytes }: Picture): Promise<Row[]> {
  const directory = path.join(context.directory, format)
  mkdirSync(directory)
  // Larger than any of the pictures, so that each stays in memory.
  const config = { ...defaultConfig, screenshotMemoryThresholdMb: 16 }
  const storage = await StorageModule.create({ ...config, databasePath: path.join(directory, 'capture.db') })
  await storage.run()
  const publishing: number[] = []
  try {
    await handled(storage, bytes)
    const figures = await alternate(context, {
      handled: () =>
        medianOf(async () => {
          const { publishedMs, storedMs } = await handled(storage, bytes)
          publishing.push(publishedMs)
          return storedMs
        }),
      decoded: () => medianOf(() => decoded(bytes)),
    })
    const what = `${format}, ${(bytes.length / megabyte).toFixed(1)} MB`
    const beyond = figures.handled.map((ms, round) => ms - figures.decoded[round]!)
    return [
      compare({
        what: `${what}, published until stored`,
        unit: 'ms',
        ours: figures.handled,
        peer: figures.decoded,
        peerName: 'sharp, decoding alone',
        target: atMost(35),
      }),
      single(`${what}, the same beyond decoding`, beyond, 'ms'),
      single(`${what}, the publisher is held up`, publishing, 'ms'),
    ]
  } finally {
    await storage.shutdown()
  }
}

async function handled(storage: StorageModule, image: Buffer): Promise<{ publishedMs: number; storedMs: number }> {
  const screenshotId = randomUUID()
  const data = { screenshot_id: screenshotId, image, metadata }
  const started = performance.now()
  const ids = { id: randomUUID(), session_id: randomUUID() }
  storage.bus.publish({ ...ids, timestamp: Date.now(), event_type: 'screenshot', data })
  const publishedMs = performance.now() - started
  while (storage.metrics().screenshots.bytes.waiting > 0) await sleep(1)
  const storedMs = performance.now() - started
  const info = await storage.screenshotInfo(screenshotId)
  if (info?.measures === undefined) throw new Error(`the screenshot was not measured: ${info?.refusal}`)
  await storage.analysed([screenshotId])
  return { publishedMs, storedMs }
}

async function decoded(image: Buffer): Promise<number> {
  sharp.concurrency(1)
  sharp.cache(false)
  const started = performance.now()
  await sharp(image).raw().toBuffer()
  return performance.now() - started
}

async function medianOf(measure: () => Promise<number>): Promise<number> {
  const times: number[] = []
  while (times.length < shotsPerRound) times.push(await measure())
  return median(times)
}
