import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Watermarks } from '../src/watermarks.ts'

test('L2: offsets move in the order of the appends, up to what is durable and no further; each listener hears once', () => {
  const step = fc.record({ owner: fc.nat(3), durable: fc.option(fc.nat(300)) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      const watermarks = new Watermarks()
      const owners = [0, 1, 2, 3].map(() => ({
        offset: 0,
        announced: 0,
        advance(endOffset: number) {
          assert.ok(endOffset > this.offset)
          this.offset = endOffset
        },
        announce() {
          this.announced++
        },
      }))
      const appends: { owner: number; endOffset: number; lsn: number }[] = []
      const ends = [0, 0, 0, 0]
      let [lsn, durableLsn] = [0, 0]
      for (const { owner, durable } of steps) {
        ends[owner]!++
        appends.push({ owner, endOffset: ends[owner]!, lsn })
        watermarks.push(owners[owner]!, ends[owner]!, lsn)
        lsn += 10
        if (durable === null) continue
        const before = owners.map(({ offset, announced }) => ({ offset, announced }))
        durableLsn = Math.min(lsn, durableLsn + durable)
        watermarks.advance(durableLsn)
        watermarks.announce()
        for (const [n, { offset, announced }] of owners.entries()) {
          const expected = appends.filter(a => a.owner === n && a.lsn < durableLsn).at(-1)?.endOffset ?? 0
          assert.equal(offset, expected)
          assert.equal(announced - before[n]!.announced, offset > before[n]!.offset ? 1 : 0)
        }
        assert.equal(watermarks.length, appends.filter(a => a.lsn >= durableLsn).length)
      }
    }),
  )
})
