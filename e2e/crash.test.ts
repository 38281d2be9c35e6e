/**
 * Kills the real server with SIGKILL at random moments under load, again and again over the same data, and then looks for
 * every record that was ever acknowledged. `CRASH_SEED=4711 npm test -- e2e/crash` repeats the moments and the tears; `CRASH_KILLS=25` kills so often.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Random, seededRandom } from '@chronicle/base'
import { type Broker, startBroker } from './broker.ts'
import { platformatic } from './clients/platformatic.ts'
import { confluentKafka, pythonDriver, systemPython } from './clients/python.ts'
import { type Load, librdkafkaLoad, platformaticLoad, type Target } from './crash/load.ts'
import { tears, tearTail } from './crash/tear.ts'
import { verify } from './crash/verify.ts'

const kills = Number(process.env.CRASH_KILLS ?? 6)
/** Between two kills at least this much is acknowledged, then up to this much time passes. */
const acknowledgedMin = 200
const momentMsMax = 400
const patienceMs = 30_000
const partitions = 3

const seed = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000)
const hint = 'apt-get install python3-confluent-kafka'
const noLibrdkafka = await pythonDriver(systemPython, { ...confluentKafka, hint }).missing()
const afterKill = { nothing: async () => 0, tornTail }

for (const [what, damage] of [
  ['SIGKILL', afterKill.nothing],
  ['SIGKILL and a torn tail', afterKill.tornTail],
] as const) {
  const check = (startLoad: (target: Target) => Load) => () => crashAgainAndAgain(startLoad, damage)
  test(
    `librdkafka, ${what}: every acknowledged record once, in order, at its offset`,
    { skip: noLibrdkafka },
    check(librdkafkaLoad),
  )
  if (noLibrdkafka) test(`@platformatic/kafka, ${what}: every acknowledged record once`, check(platformaticLoad))
}

type Damage = (broker: Broker, random: Random, round: number) => Promise<number>

async function tornTail(broker: Broker, random: Random, round: number): Promise<number> {
  return tearTail(join(broker.dataDirectory, 'wal'), tears[round % tears.length]!, random)
}

async function crashAgainAndAgain(startLoad: (target: Target) => Load, damage: Damage): Promise<void> {
  const random = seededRandom(seed)
  const broker = await startBroker()
  const target = { bootstrap: broker.bootstrap, topic: 'crash', partitions }
  await createTopic(target)
  const load = startLoad(target)
  let torn = 0
  try {
    for (let round = 0; round < kills; round++) {
      await progress(load)
      await sleep(random.int(momentMsMax))
      await broker.kill()
      torn += await damage(broker, random, round)
      await broker.start()
    }
    await progress(load)
    await load.finish()
    assert.deepEqual(load.failures, [])
    const { acknowledged, found } = await verify(target, load.acknowledged)
    console.log(
      `${load.name}: ${kills} kills, ${torn} bytes torn, ${acknowledged} acknowledged, ${found} found, seed ${seed}`,
    )
  } catch (error) {
    console.log(`CRASH_SEED=${seed} repeats this`)
    throw error
  } finally {
    await load.finish()
    await broker.stop()
  }
}

async function createTopic({ bootstrap, topic }: Target): Promise<void> {
  const client = await platformatic.connect(bootstrap)
  await client.createTopic(topic, partitions)
  await client.close()
}

/** Resolves when more records have been acknowledged: the server serves again. */
async function progress(load: Load): Promise<void> {
  const goal = load.acknowledged.length + acknowledgedMin
  const deadline = Date.now() + patienceMs
  while (load.acknowledged.length < goal) {
    assert.deepEqual(load.failures, [])
    assert.ok(Date.now() < deadline, `no progress in ${patienceMs} ms after ${load.acknowledged.length} records`)
    await sleep(10)
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
