import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  alternate,
  atMost,
  type Context,
  compare,
  median,
  percentile,
  ratioAtLeast,
  single,
  verdictOf,
} from '../harness.ts'
import { fetchAnswer, produceErrorAt } from '../load/frames.ts'
import { FrameCounter } from '../load/pipe.ts'
import { profileTable } from '../profile.ts'
import { summary, table } from '../report.ts'

const context: Context = { benchmark: 'test', secondsPerRound: 1, rounds: 4, directory: '', progress() {} }

test('a ratio is the median of pairs, and is judged against its target', () => {
  const row = compare({
    what: 'w',
    unit: 'MB/s',
    ours: [10, 30, 100],
    peer: [10, 10, 200],
    peerName: 'p',
    target: ratioAtLeast(1),
  })
  assert.deepEqual([row.ratio, row.spread, verdictOf(row)], [1, [0.5, 3], 'met'])
  assert.equal(verdictOf({ ...row, target: ratioAtLeast(1.01) }), 'missed')
  assert.equal(verdictOf(single('memory', [80, 100, 90], 'MB', atMost(90))), 'met')
  assert.equal(verdictOf(single('memory', [80, 100, 91], 'MB', atMost(90))), 'missed')
  assert.equal(verdictOf({ what: 'w', skipped: 'no Java', target: atMost(1) }), 'skipped')
  assert.equal(verdictOf(single('for information', [1], 'ms')), '')
})

test('percentiles are values that were measured', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(percentile([5, 4, 3, 2, 1], 0), 1)
  assert.equal(percentile([5, 4, 3, 2, 1], 100), 5)
  assert.ok(Number.isNaN(median([])))
})

test('sides take turns, each second round in reverse', async () => {
  const order: string[] = []
  const side = (name: string) => async () => order.push(name)
  const figures = await alternate(context, { a: side('a'), b: side('b') })
  assert.equal(order.join(''), 'abbaabba')
  assert.deepEqual(figures, { a: [1, 4, 5, 8], b: [2, 3, 6, 7] })
})

test('frames are told apart however a socket cuts them', () => {
  const frame = fc.integer({ min: 1, max: 600 })
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 300 })),
      (sizes, cuts) => {
        const frames = sizes.map((size, at) => {
          const bytes = Buffer.alloc(4 + size, at + 1)
          bytes.writeInt32BE(size, 0)
          return bytes
        })
        const seen: { bytes: number; mark: number | undefined }[] = []
        const counter = new FrameCounter((head, bytes) => seen.push({ bytes, mark: head[4] }))
        let rest = Buffer.concat(frames)
        for (let at = 0; rest.length > 0; at++) {
          const piece = rest.subarray(0, cuts[at] ?? rest.length)
          counter.take(piece, piece.length)
          rest = rest.subarray(piece.length)
        }
        const expected = sizes.map((size, at) => ({ bytes: 4 + size, mark: at + 1 }))
        assert.deepEqual(seen, expected)
      },
    ),
  )
})

test('places in answers are where the protocol puts them', () => {
  const produce = Buffer.from(
    '0000002c 00000000 00000001 0003 616263 00000001 00000000 0006'.replaceAll(' ', ''),
    'hex',
  )
  assert.equal(produce.readInt16BE(produceErrorAt('abc')), 6)
  const fetch = Buffer.from(
    [
      '0000ffff 00000000 00000000 0000 00000000', // length, correlation id, throttle time, error, session
      '00000001 0003 616263 00000001 00000000 0001', // topic, partition, error
      '0000000000000007 0000000000000007 0000000000000000', // high watermark, last stable offset, log start offset
      '00000001 00000000000000050000000000000003', // one aborted transaction
      'ffffffff 00001234', // preferred replica, bytes of records
    ]
      .join('')
      .replaceAll(' ', ''),
    'hex',
  )
  assert.deepEqual(fetchAnswer(fetch, 'abc'), { errorCode: 1, highWatermark: 7, recordsBytes: 0x1234 })
})

test('a table says what was met, missed and skipped', () => {
  const rows = [
    compare({ what: 'fast', unit: 'MB/s', ours: [1270], peer: [1000], peerName: 'peer', target: ratioAtLeast(0.75) }),
    { what: 'other', skipped: 'no Java', target: ratioAtLeast(3) },
  ]
  const section = { name: 'n', about: 'a', seconds: 1, othersShare: 0.25, rows }
  const lines = table(section).split('\n')
  assert.equal(lines[0], 'n: a (1 s, others took 25 % of the cores)')
  assert.match(lines[3]!, /^fast +1,270 MB\/s +peer 1,000 MB\/s +1\.27 +1\.27–1\.27 +≥ 0\.75 +met$/)
  assert.match(lines[4]!, /^other +no Java +≥ 3 +skipped$/)
  assert.equal(summary([section]), '1 targets met, 0 missed, 1 skipped')
})

test('a profile becomes shares of the time that was not idle', t => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'profile-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const node = (id: number, functionName: string, children: number[] = []) => ({
    id,
    callFrame: { functionName, url: id === 3 ? 'file:///x/packages/wal/src/a.ts' : '', lineNumber: 9 },
    children,
  })
  const nodes = [node(1, '(root)', [2, 4]), node(2, 'outer', [3]), node(3, 'inner'), node(4, '(idle)')]
  const file = path.join(directory, 'x.cpuprofile')
  writeFileSync(file, JSON.stringify({ nodes, samples: [2, 3, 3, 4], timeDeltas: [100, 200, 100, 600] }))
  const [head, , first, second] = profileTable(file, 5).split('\n')
  assert.match(head!, /0\.00 s, busy 40 %$/)
  assert.equal(first, ' 75.0 %  75.0 %  inner  packages/wal/src/a.ts:10')
  assert.equal(second, ' 25.0 % 100.0 %  outer')
})
