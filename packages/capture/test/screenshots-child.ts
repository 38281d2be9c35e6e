/** A process that takes screenshots until it is killed: `node screenshots-child.ts DIRECTORY SEED`. Says "ready", and each key before it is used, on its standard output. */
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Random, seededRandom, systemClock } from '@chronicle/base'
import { createRegistry, silentLogger } from '@chronicle/telemetry'
import { nodeShotDisk, Screenshots, screenshotLimits } from '../src/screenshots/index.ts'
import { CaptureDatabase } from '../src/store/database.ts'
import { png, textPage } from './image-support.ts'
import { eventOf, idOf, imageOf, smallLimits, testKeys } from './screenshots-support.ts'

const [base, seed] = [process.argv[2]!, Number(process.argv[3])]
const random = seededRandom(seed)
const watched: Random = {
  ...random,
  bytes(length) {
    const bytes = random.bytes(length)
    if (length === 32) writeSync(1, `${Buffer.from(bytes).toString('hex')}\n`)
    return bytes
  },
}

const shots = await Screenshots.open({
  database: CaptureDatabase.open({ path: join(base, 'capture.db') }),
  directory: join(base, 'shots'),
  disk: nodeShotDisk,
  keys: testKeys(),
  limits: { ...screenshotLimits, ...smallLimits, shotBytesMax: 8_000_000, filesBytesMax: 50_000_000 },
  times: { windowMs: 30_000, allowedLatenessMs: 500, afterWindowMs: 30_000 },
  devMode: false,
  clock: systemClock,
  random: watched,
  logger: silentLogger,
  registry: createRegistry(),
})
const page = await png(textPage({ width: 300, height: 200, fontPixels: 14, share: 1 }))
writeSync(1, 'ready\n')
for (let number = seed * 100_000; ; number++) {
  const image = random.int(4) === 0 ? page : imageOf(100 + random.int(random.int(2) === 0 ? 2000 : 4_000_000), number)
  const event = eventOf(number, { timestamp: systemClock.now(), receivedMs: systemClock.now() })
  await shots.accept(event, image)
  if (random.int(3) === 0) await shots.analysed([idOf(number - random.int(5))])
}
