/** What the vault seals, other implementations of C2SP's chunked encryption open, and the other way round. */
import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemRandom } from '@chronicle/base'
import { open, parseSealedHeader, seal } from '@chronicle/vault'
import { goSeal, pythonSeal, type Task } from './seal.ts'

const lengths = [0, 1, 16_383, 16_384, 16_385, 40_000]
const goldens = join(import.meta.dirname, '../../packages/vault/test/golden')
const goldenKey = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex')

const secret = randomBytes(32)
const key = { id: systemRandom.uuid(), epoch: 3, secret: createSecretKey(secret) }
const place = { kind: 'chunk', place: 'session/äöü/12' } as const
const plains = [...lengths, 1_000_000].map(length => randomBytes(length))
const sealed = plains.map(plain => seal(plain, key, place, systemRandom))

/** The clear header is the context of the message that follows it. */
function toOpen(bytes: Buffer): Task {
  const { headerBytes } = parseSealedHeader(bytes)
  return { seal: false, context: bytes.subarray(0, headerBytes), bytes: bytes.subarray(headerBytes) }
}

function flip(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at]! ^= 1
  return changed
}

for (const { name, missing, work } of [goSeal(), pythonSeal()]) {
  const skip = missing ?? false

  test(`${name} opens what the vault sealed`, { skip }, () => {
    assert.deepEqual(work(secret, sealed.map(toOpen)), plains)
  })

  test(`${name} opens the golden files`, { skip }, () => {
    const files = lengths.map(length => readFileSync(join(goldens, `seal-v1-${length}.sealed`)))
    const opened = work(goldenKey, files.map(toOpen))
    const goldenSecret = createSecretKey(goldenKey)
    const expected = files.map(file => {
      const { keyId: id, epoch } = parseSealedHeader(file)
      return open(file, { id, epoch, secret: goldenSecret })
    })
    assert.deepEqual(opened, expected)
    assert.deepEqual(
      opened.map(plain => plain?.length),
      lengths,
    )
  })

  test(`${name} refuses what was changed, cut or moved`, { skip }, () => {
    const whole = toOpen(sealed.at(-2)!)
    const places = [0, 23, 24, 55, 56, 56 + 16_384, 56 + 16_400, whole.bytes.length - 17, whole.bytes.length - 1]
    const changed = places.map(at => ({ ...whole, bytes: flip(whole.bytes, at) }))
    const moved = [0, 6, 8, 27, 30].map(at => ({ ...whole, context: flip(whole.context, at) }))
    const cut = [55, 71, 56 + 16_400, whole.bytes.length - 1].map(end => ({
      ...whole,
      bytes: whole.bytes.subarray(0, end),
    }))
    const [control, ...refused] = work(secret, [whole, ...changed, ...moved, ...cut])
    assert.deepEqual(control, plains.at(-2))
    assert.deepEqual(refused, Array(places.length + moved.length + cut.length).fill(undefined))
  })

  test(`the vault opens what ${name} sealed`, { skip }, () => {
    const context = toOpen(sealed[0]!).context
    const messages = work(
      secret,
      plains.map(bytes => ({ seal: true, context, bytes })),
    )
    const opened = messages.map(message => open(Buffer.concat([context, message!]), key, place))
    assert.deepEqual(opened, plains)
  })
}
