/**
 * A process that takes what NATS brings into the log of a directory, and is killed when the first events are durable and not acknowledged.
 * `node nats-process.ts '{"url":"…","directory":"…"}'`
 */
import { seededRandom, systemClock } from '@chronicle/base'
import { silentLogger } from '@chronicle/telemetry'
import { NatsSource } from '../../src/sources/nats/source.ts'
import { MemoryTables, openHouse } from './log-house.ts'

const { url, directory } = JSON.parse(process.argv[2]!)
const house = await openHouse({ directory, tables: new MemoryTables() })
const { intake, deadLetters, alerts, registry, health } = house
const effects = { clock: systemClock, random: seededRandom(1), logger: silentLogger, registry, health }
new NatsSource({
  ...effects,
  url,
  deadLetters,
  alerts,
  missingStreams: 'create',
  ackWaitMs: 1_000,
  bufferEventsMax: 10_000,
  intake: {
    async take(events) {
      await intake.take(events)
      if (events.length > 0) process.kill(process.pid, 'SIGKILL')
    },
  },
})
