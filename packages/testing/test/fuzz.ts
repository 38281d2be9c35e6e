/**
 * npm run fuzz -- [--inputs 1000000] [--seed 1]
 *
 * Feeds the frames and messages of Kafka and the records of the packer with valid, damaged and random bytes. Nothing may come of it but a
 * value or a typed refusal, in bounded time and memory. What is found is printed with its seed: `--seed S --inputs 1` replays it.
 */
import { parseArgs } from 'node:util'
import { allTargets } from '../../kafka/test/fuzz-targets.ts'
import { recordTargets } from '../../packer/test/fuzz-targets.ts'
import { FuzzFinding, fuzz } from '../src/fuzz/run.ts'

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
})
const inputs = wholeNumber('inputs', values.inputs)
const seed = wholeNumber('seed', values.seed)
const startedAt = performance.now()

try {
  const messages = allTargets()
  // There are hundreds of messages: as often as a quarter of them.
  const records = Array.from({ length: messages.length / 8 }, recordTargets).flat()
  const targets = [...messages, ...records]
  console.log(`${inputs} inputs for ${targets.length} targets from seed ${seed}`)
  const tally = await fuzz(targets, inputs, seed, (done, { read, refused }) => {
    const perSecond = Math.round(done / ((performance.now() - startedAt) / 1000))
    console.log(`${done} inputs: ${read} read, ${refused} refused, ${perSecond} a second`)
  })
  console.log(`nothing found: ${tally.read} read, ${tally.refused} refused`)
} catch (error) {
  if (!(error instanceof FuzzFinding)) throw error
  console.error(error.message)
  console.error(`input: ${error.find.hex}`)
  console.error(`replay: npm run fuzz -- --seed ${error.find.seed} --inputs 1`)
  process.exitCode = 1
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number >= 0) return number
  console.error(`--${name} has to be a whole number, not ${text}`)
  process.exit(2)
}
