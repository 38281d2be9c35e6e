import assert from 'node:assert/strict'
import { platformatic } from '../clients/platformatic.ts'
import type { Acknowledged, Target } from './load.ts'

const latest = -1
const readPatienceMs = 60_000
const sliceRecords = 10_000

export type Verdict = { readonly acknowledged: number; readonly found: number }

/**
 * Reads the topic from its beginning and asserts that every acknowledged record is there exactly once, at the offset
 * that was acknowledged, in the order in which it was sent, and that offsets have no gap.
 */
export async function verify(target: Target, acknowledged: readonly Acknowledged[]): Promise<Verdict> {
  const numbers = await readNumbers(target)
  for (const { partition, offset, number } of acknowledged) {
    const found = numbers[partition]![offset]
    assert.equal(
      found,
      number,
      `partition ${partition}, offset ${offset}: ${number} was acknowledged, ${found} is there`,
    )
  }
  for (const [partition, present] of numbers.entries()) {
    for (let at = 1; at < present.length; at++) {
      const [before, after] = [present[at - 1]!, present[at]!]
      assert.ok(before < after, `partition ${partition}, offset ${at}: ${after} follows ${before}`)
    }
  }
  return { acknowledged: acknowledged.length, found: numbers.flat().length }
}

/** By partition and offset, the number of each record. */
async function readNumbers({ bootstrap, topic, partitions }: Target): Promise<number[][]> {
  const client = await platformatic.connect(bootstrap)
  const ends = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => client.offsetForTimestamp(topic, partition, latest)),
  )
  const member = await client.join(`${topic}-verify-${process.pid}-${performance.now()}`, topic)
  const numbers: number[][] = ends.map(() => [])
  for (let left = ends.reduce((sum, end) => sum + end, 0); left > 0; ) {
    const records = await member.poll(Math.min(left, sliceRecords), readPatienceMs)
    assert.ok(records.length > 0, `${left} records below the high watermarks cannot be read`)
    for (const { partition, offset, value } of records) {
      const present = numbers[partition]!
      assert.equal(offset, present.length, `partition ${partition}: offsets come in order and without a gap`)
      present.push(Number.parseInt(value!.toString('latin1', 0, 20), 10))
    }
    left -= records.length
  }
  await member.leave()
  await client.close()
  return numbers
}
