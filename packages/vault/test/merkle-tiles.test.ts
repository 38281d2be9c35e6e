import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeEntries, parseEntries } from '../src/merkle/entries.ts'
import {
  entriesPath,
  hashesAt,
  parseTilePath,
  partialTiles,
  tilePath,
  tilesOfGrowth,
  widthOf,
} from '../src/merkle/tiles.ts'
import { flipBit, leaves, refusal } from './merkle-support.ts'

test('paths as C2SP tlog-tiles writes them', () => {
  assert.equal(tilePath(0, 1234067), 'tile/0/x001/x234/067')
  assert.equal(tilePath(0, 0), 'tile/0/000')
  assert.equal(tilePath(3, 999, 255), 'tile/3/999.p/255')
  assert.equal(tilePath(63, 1000, 1), 'tile/63/x001/000.p/1')
  assert.equal(entriesPath(1234067, 8), 'tile/entries/x001/x234/067.p/8')
  assert.equal(entriesPath(Number.MAX_SAFE_INTEGER), 'tile/entries/x009/x007/x199/x254/x740/991')
})

test('VM4: every path that is written is read, and names the same', () => {
  const level = fc.integer({ min: 0, max: 63 })
  const width = fc.integer({ min: 1, max: 256 })
  fc.assert(
    fc.property(level, fc.oneof(fc.maxSafeNat(), fc.nat(2000)), width, (level, index, width) => {
      assert.deepEqual(parseTilePath(tilePath(level, index, width)), { kind: 'tile', level, index, width })
      assert.deepEqual(parseTilePath(entriesPath(index, width)), { kind: 'entries', index, width })
    }),
  )
})

test('VM4: every other spelling is refused', () => {
  const others = [
    ...[
      '',
      'tile',
      'tile/',
      'tile/0',
      'tile/0/',
      'tile/0/1',
      'tile/0/01',
      'tile/0/0001',
      'tile/0/x001',
      'tile/0/001/002',
    ],
    ...[
      'tile/00/001',
      'tile/01/001',
      'tile/64/001',
      'tile/100/001',
      'tile/-1/001',
      'tile/+1/001',
      'tile/ 1/001',
      'tile/1e1/001',
    ],
    ...[
      'tile/0/x000/001',
      'tile/0/x001/x002',
      'tile/0/X001/002',
      'tile/0/x001//002',
      '/tile/0/001',
      'tile/0/001/',
      'tile/0/001\n',
    ],
    ...[
      'tile/0/001.p/0',
      'tile/0/001.p/256',
      'tile/0/001.p/01',
      'tile/0/001.p/',
      'tile/0/001.p',
      'tile/0/001.p/1/',
      'tile/0/001.P/1',
    ],
    ...[
      'tile/data/001',
      'tile/Entries/001',
      'tile/entries/1',
      'tile/0/../001',
      'tile/0/٠٠١',
      'tile/0/x009/x007/x199/x254/x740/992',
    ],
    ...['tile/0/x999/x999/x999/x999/x999/999', `tile/0/${'x001/'.repeat(100_000)}001`, 'checkpoint'],
  ]
  for (const path of others) assert.equal(parseTilePath(path), undefined, path)
})

test('VM4: no string and no other value makes the reading throw', () => {
  const piece = fc.constantFrom('tile', 'entries', '/', 'x', '0', '00', '001', '255', '256', '.p/', '.', '-', '\u0000')
  const strings = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 20 }).map(pieces => pieces.join('')),
  )
  fc.assert(
    fc.property(strings, text => {
      const name = parseTilePath(text)
      if (!name) return
      const path =
        name.kind === 'tile' ? tilePath(name.level, name.index, name.width) : entriesPath(name.index, name.width)
      assert.equal(path, text)
    }),
    { numRuns: 2000 },
  )
  for (const value of [undefined, null, 7, {}, []]) assert.equal(parseTilePath(value as never), undefined)
})

test('what no path can name is refused', () => {
  const invalid = refusal('vault.invalid-argument')
  for (const level of [-1, 64, 0.5]) assert.throws(() => tilePath(level, 0), invalid)
  for (const index of [-1, 0.5, 2 ** 53]) assert.throws(() => entriesPath(index), invalid)
  for (const width of [0, 257, 1.5]) assert.throws(() => tilePath(0, 0, width), invalid)
})

const names = (tiles: Iterable<{ level: number; index: number; width: number }>): string[] =>
  [...tiles].map(({ level, index, width }) => tilePath(level, index, width))

test('the tiles of 70,000 leaves, the example of the specification', () => {
  const tiles = [...tilesOfGrowth(0, 70_000)]
  const count = (level: number, full: boolean): number =>
    tiles.filter(tile => tile.level === level && (tile.width === 256) === full).length
  assert.deepEqual(
    [0, 1, 2].map(level => count(level, true)),
    [273, 1, 0],
  )
  assert.deepEqual(names(partialTiles(70_000)), ['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1'])
  assert.deepEqual(names(tiles.filter(tile => tile.width < 256)), names(partialTiles(70_000)))
  assert.deepEqual(names(partialTiles(256)), ['tile/1/000.p/1'])
  assert.deepEqual(names(tilesOfGrowth(0, 256)), ['tile/0/000', 'tile/1/000.p/1'])
})

test('growth in two steps has the tiles of both, and all of one step but the partial ones in between', () => {
  const size = fc.nat(200_000)
  fc.assert(
    fc.property(size, size, size, (...sizes) => {
      const [from, between, to] = sizes.toSorted((a, b) => a - b) as [number, number, number]
      const steps = new Set([...names(tilesOfGrowth(from, between)), ...names(tilesOfGrowth(between, to))])
      for (const path of names(tilesOfGrowth(from, to))) assert.ok(steps.has(path), path)
      const atTo = new Set([...names(tilesOfGrowth(0, to)), ...names(partialTiles(between))])
      for (const path of steps) assert.ok(atTo.has(path), path)
    }),
  )
  assert.deepEqual(names(tilesOfGrowth(2 ** 53 - 2, 2 ** 53 - 1)), [
    `${tilePath(0, Math.floor((2 ** 53 - 2) / 256), 255)}`,
  ])
})

test('widths beyond 32 bits', () => {
  const size = Number.MAX_SAFE_INTEGER
  assert.equal(hashesAt(6, size), 31)
  assert.equal(hashesAt(7, size), 0)
  assert.equal(widthOf(Math.floor(size / 256), size), 255)
  assert.equal(widthOf(Math.floor(size / 256) + 1, size), 0)
})

test('VM4: a bundle has the entries behind their 16-bit lengths, and nothing else is read as one', () => {
  for (const count of [1, 2, 255, 256]) {
    const data = leaves(0, count)
    const bundle = encodeEntries(new Uint8Array(Buffer.concat(data)))
    assert.deepEqual(bundle.subarray(0, 2), Uint8Array.of(0, 32))
    assert.equal(bundle.length, count * 34)
    assert.deepEqual(
      parseEntries(bundle)?.map(leaf => leaf.slice()),
      data,
    )
  }
  const bundle = encodeEntries(new Uint8Array(Buffer.concat(leaves(0, 3))))
  for (let length = 0; length < bundle.length; length++) {
    assert.equal(parseEntries(bundle.subarray(0, length)) !== undefined, length > 0 && length % 34 === 0)
  }
  for (let bit = 0; bit < 16; bit++) assert.equal(parseEntries(flipBit(bundle, 34 * 8 + bit)), undefined)
  assert.equal(parseEntries(encodeEntries(new Uint8Array(257 * 32))), undefined)
})
