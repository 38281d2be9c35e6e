/**
 * An analysis in a process of its own, beside `chronicle capture run`: batches come by a topic, the pixels of screenshots through the door of the capture on this machine,
 * and "analysed" goes back the same way. `npx node examples/capture-topics.ts publish` is the other end: a program that publishes ten seconds of work.
 */
import { randomUUID } from 'node:crypto'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EventBatch, openCapture, openTopicBus, ScreenshotError } from '@chronicle/capture'
import { createLogger } from '@chronicle/telemetry'

const bootstrap = process.env.CHRONICLE_BOOTSTRAP ?? 'localhost:9092'
const bus = await openTopicBus({ bootstrap, logger: createLogger({ level: 'warn', format: 'readable' }) })
const databasePath = process.env.CHRONICLE_CAPTURE_DATABASE_PATH ?? join(homedir(), '.chronicle', 'capture.db')

if (process.argv[2] === 'publish') await publishWork()
else await analyse()

/** Until Ctrl-C. A batch counts as taken when this resolves; one that comes again, after a crash, has the same `batch_id`. */
async function analyse(): Promise<void> {
  const capture = openCapture(databasePath)
  console.log(`batches of ${(await capture.status()).bus}`)
  bus.subscribeBatches(async batch => {
    console.log(`${batch.window_start}: ${batch.events.length} events, ${batch.aggregates.keys} keys`)
    await lookAtScreenshots(batch)
    // Their bytes are gone when this resolves.
    await capture.analysed(batch)
  })
  process.once('SIGINT', () => void bus.stop(1000))

  async function lookAtScreenshots({ screenshots }: EventBatch): Promise<void> {
    for (const { screenshot_id: id, size_bytes } of screenshots) {
      try {
        // An analysis would look at the pixels now.
        const image = await capture.screenshot(id)
        console.log(`  screenshot of ${size_bytes} bytes: ${image.length} bytes read`)
      } catch (error) {
        // Who comes late finds the measures in the event, and no pixels.
        if (!(error instanceof ScreenshotError)) throw error
        console.log(`  screenshot of ${size_bytes} bytes: ${error.summary}`)
      }
    }
  }
}

async function publishWork(): Promise<void> {
  const session = randomUUID()
  const publish = (event_type: string, data: object): void =>
    bus.publish({ id: randomUUID(), timestamp: Date.now(), session_id: session, event_type, data })
  const modifiers = { shift: false, ctrl: false, alt: false, meta: false }
  const screen_region = { x: 0, y: 0, width: 1, height: 1 }
  const metadata = { window_title: 'letter.txt', app_name: 'editor', screen_region, privacy_masked: false }
  // A PNG of one pixel.
  const image = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )
  // It is sealed for the store alone, which has a fresh key every 30 s.
  publish('screenshot', { screenshot_id: randomUUID(), image, metadata })
  for (let tenth = 0; tenth < 100; tenth++) {
    publish('keystroke', { key_code: 65 + (tenth % 26), modifiers })
    await sleep(100)
  }
  // Publishing never waits; at the end there is time for what is on its way.
  await bus.stop(10_000)
  console.log(`published 101 events; lost: ${JSON.stringify(bus.lost())}`)
}
