/**
 * `npm run soak -- [minutes] [seed]`: produces, consumes in a group and kills the server at random moments for so many minutes
 * (10 when left out), then looks for every acknowledged record. One line of progress every few seconds.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '@chronicle/base'
import { type Broker, startBroker } from './broker.ts'
import type { Client } from './clients/client.ts'
import { platformatic } from './clients/platformatic.ts'
import { confluentKafka, pythonDriver, systemPython } from './clients/python.ts'
import { type Load, librdkafkaLoad, platformaticLoad, type Target } from './crash/load.ts'
import { verify } from './crash/verify.ts'

const minutes = Number(process.argv[2] ?? 10)
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const partitions = 6
const killEveryMsMax = 20_000
const progressEveryMs = 5_000

const random = seededRandom(seed)
const deadline = Date.now() + minutes * 60_000
const broker = await startBroker()
const target: Target = { bootstrap: broker.bootstrap, topic: 'soak', partitions }
const librdkafka = pythonDriver(systemPython, { ...confluentKafka, hint: '' })
const driver = (await librdkafka.missing()) ? platformatic : librdkafka

const client = await driver.connect(broker.bootstrap)
await client.createTopic(target.topic, partitions)
const load = driver === librdkafka ? librdkafkaLoad(target) : platformaticLoad(target)
const state = { consumed: 0, kills: 0, done: false }
console.log(`${minutes} minutes, seed ${seed}, ${driver.name}`)
const [, , consumed] = await Promise.all([kill(), showProgress(), consume(client)])
await load.finish()
const verdict = await verify(target, load.acknowledged)
await client.close()
await broker.stop()
if (load.failures.length > 0) throw new Error(load.failures.join('\n'))
console.log(
  `${state.kills} kills, ${verdict.acknowledged} acknowledged and found in their places, ${consumed} consumed on the way`,
)

async function kill(): Promise<void> {
  while (Date.now() < deadline) {
    await sleep(Math.min(1000 + random.int(killEveryMsMax), Math.max(0, deadline - Date.now())))
    await broker.kill()
    await broker.start()
    state.kills++
  }
  state.done = true
}

/** Reads on in one group through all the kills, committing as it goes. */
async function consume(from: Client): Promise<number> {
  const member = await from.join('soak-group', target.topic)
  while (!state.done) {
    try {
      state.consumed += (await member.poll(1000, 1000)).length
      await member.commit()
    } catch {
      // The server is gone for a moment: the next round reads on.
      await sleep(100)
    }
  }
  return state.consumed
}

async function showProgress(): Promise<void> {
  while (!state.done) {
    await sleep(progressEveryMs)
    console.log(progressLine(load, broker))
  }
}

function progressLine({ acknowledged }: Load, { pid }: Broker): string {
  const secondsLeft = Math.max(0, Math.round((deadline - Date.now()) / 1000))
  const counts = `${acknowledged.length} acknowledged, ${state.consumed} consumed, ${state.kills} kills`
  return `${secondsLeft} s left: ${counts}, ${residentMegabytes(pid)} MB resident`
}

function residentMegabytes(pid: number): string {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? '?' : String(Math.round(Number(kilobytes) / 1024))
  } catch {
    // No /proc here, or the process has just been killed.
    return '?'
  }
}
