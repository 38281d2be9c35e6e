import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FuzzFinding, type FuzzTarget, fuzz } from '@chronicle/testing'
import { kafkaErrors } from '../src/errors.ts'
import { allTargets } from './fuzz-targets.ts'

const inputs = 20_000

describe('K1, K2, K3: whatever comes in, out comes a value or a typed error', () => {
  test(`${inputs} inputs`, async () => {
    const tally = await fuzz(allTargets(), inputs, 1)
    assert.equal(tally.read + tally.refused, inputs)
    // Neither all noise nor all valid: both ways through the readers are walked.
    assert.ok(tally.read > inputs / 10 && tally.refused > inputs / 10, JSON.stringify(tally))
  })
})

describe('the fuzzer finds', () => {
  const target = (run: FuzzTarget['run'], intact = false): FuzzTarget => ({
    name: 'a target',
    input: random => ({ bytes: Buffer.from(random.bytes(4)), intact }),
    run,
    isRefusal: error => kafkaErrors.is(error),
  })
  const findOf = async (broken: FuzzTarget) => {
    try {
      await fuzz([broken], 10, 100)
    } catch (error) {
      assert.ok(error instanceof FuzzFinding)
      return error.find
    }
    return assert.fail('nothing was found')
  }

  test('an error that is not typed, and replays it from its seed', async () => {
    let calls = 0
    const find = await findOf(
      target(() => {
        if (++calls > 3) throw new RangeError('out of bounds')
      }),
    )
    assert.equal(find.seed, 103)
    let replayed = ''
    await fuzz([target(({ bytes }) => void (replayed = bytes.toString('hex')))], 1, find.seed)
    assert.equal(replayed, find.hex)
  })

  test('a refusal of what is valid', async () => {
    const refuse = () => {
      throw kafkaErrors.create('kafka.malformed')
    }
    await findOf(target(refuse, true))
    assert.equal((await fuzz([target(refuse)], 10, 100)).refused, 10)
  })

  test('memory that does not go with the input', async () => {
    const kept: Uint8Array[] = []
    const find = await findOf(target(() => void kept.push(new Uint8Array(32 * 1024 * 1024))))
    assert.match(String(find.error), /memory grew/)
  })
})
