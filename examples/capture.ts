/** Captures a made-up minute of work, and analyses it window by window: events go in, batches come out, and no screenshot stays. Needs no server. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultConfig, StorageModule } from '@chronicle/capture'

const directory = mkdtempSync(join(tmpdir(), 'chronicle-capture-'))
const databasePath = join(directory, 'capture.db')
// Windows of two seconds rather than thirty, so that there is something to see.
const storage = await StorageModule.create({ ...defaultConfig, databasePath, batchWindowSeconds: 2 })

storage.bus.subscribeBatches(async batch => {
  const { keys, clicks, idle_ms } = batch.aggregates
  console.log(
    `${batch.window_start}: ${batch.events.length} events, ${keys} keys, ${clicks} clicks, ${idle_ms} ms idle`,
  )
  for (const { screenshot_id, place, size_bytes } of batch.screenshots) {
    // An analysis would look at the pixels now.
    const image = await storage.screenshot(screenshot_id)
    console.log(`  screenshot of ${size_bytes} bytes, in ${place}: ${image.length} bytes read`)
  }
  await storage.analysed(batch)
})
await storage.run()

const session = randomUUID()
function publish(event_type: string, data: object): void {
  storage.bus.publish({ id: randomUUID(), timestamp: Date.now(), session_id: session, event_type, data })
}

const modifiers = { shift: false, ctrl: false, alt: false, meta: false }
const metadata = {
  window_title: 'letter.txt',
  app_name: 'editor',
  screen_region: { x: 0, y: 0, width: 1, height: 1 },
  privacy_masked: false,
}
// A PNG of one pixel.
const image = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
for (let tenth = 0; tenth < 50; tenth++) {
  publish('keystroke', { key_code: 65 + (tenth % 26), modifiers })
  if (tenth % 10 === 0) publish('mouse_click', { x: tenth, y: 20, button: 'left', click_type: 'single' })
  if (tenth === 25) publish('screenshot', { screenshot_id: randomUUID(), image, metadata })
  await sleep(100)
}
// The last window closes half a second after its end.
await sleep(3000)

const { events, screenshots } = storage.metrics()
console.log(`stored ${events.stored} events; deleted screenshots: ${JSON.stringify(screenshots.deleted)}`)
console.log(`screenshots on the disk: ${readdirSync(`${databasePath}-screenshots`).length}`)
await storage.shutdown()
rmSync(directory, { recursive: true })
