import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import sharp from 'sharp'
import type { ImageMeasures } from '../src/image/contract.ts'
import { measureImage } from '../src/image/measure-image.ts'
import {
  buttons,
  coveredShare,
  limits,
  noise,
  noPause,
  type PageOptions,
  png,
  rawRgb,
  svg,
  textPage,
} from './image-support.ts'

const size = { width: 800, height: 480 }

async function measuresOf(image: Buffer): Promise<ImageMeasures> {
  const { measures, refusal } = await measureImage(image, limits, noPause)
  assert.ok(measures, refusal?.detail)
  return measures
}

function assertNear(value: number, expected: number, tolerance: number, of: string): void {
  assert.ok(Math.abs(value - expected) <= tolerance, `${of}: ${value} is not within ${tolerance} of ${expected}`)
}

describe('CS8: text density is the share of the image that lines of text cover', () => {
  const rows: readonly [name: string, page: Partial<PageOptions>][] = [
    ['small', { fontPixels: 11 }],
    ['usual', { fontPixels: 14 }],
    ['large', { fontPixels: 18 }],
    ['light on dark', { paper: '#1e1e1e', ink: '#d4d4d4' }],
    ['grey on white', { ink: '#8a8a8a' }],
    ['red on white', { ink: '#d01010' }],
    ['twice as large, on a screen of twice as many pixels', { width: 2400, height: 1200, fontPixels: 28 }],
  ]
  for (const [name, options] of rows)
    test(name, async () => {
      for (const share of [0, 0.3, 1]) {
        const page = { ...size, fontPixels: 14, share, ...options }
        const { textDensity } = await measuresOf(await png(textPage(page)))
        assertNear(textDensity, coveredShare(page), 0.05, `share ${share}`)
      }
    })
})

test('CS8: a picture has the same measures in each format, as near as the coding lets it', async () => {
  const half = { ...size, fontPixels: 14, share: 0.5 }
  const page = sharp(await png(textPage(half)))
  const coded = {
    png: page.clone().png(),
    palette: page.clone().png({ palette: true }),
    grey: page.clone().greyscale().png(),
    'sixteen bits': page.clone().toColourspace('rgb16').png(),
    interlaced: page.clone().png({ progressive: true }),
    jpeg: page.clone().jpeg({ quality: 90 }),
    webp: page.clone().webp({ quality: 90 }),
    avif: page.clone().avif({ quality: 70, effort: 0 }),
  }
  for (const [name, coder] of Object.entries(coded)) {
    const { textDensity, dominantColors } = await measuresOf(await coder.toBuffer())
    assertNear(textDensity, coveredShare(half), 0.05, name)
    assert.match(dominantColors[0]!, /^#f[c-f]f[c-f]f[c-f]$/, name)
  }
})

test('CS8: what is no text has no text density', async () => {
  const { width, height } = size
  const grain = noise(width, height, 1)
  const gradient = `<linearGradient id="g"><stop offset="0" stop-color="#102040"/><stop offset="1" stop-color="#f0a040"/></linearGradient><rect width="100%" height="100%" fill="url(#g)"/>`
  const bars = Array.from({ length: 57 }, (_, bar) => `<rect x="${bar * 14}" width="7" height="480" fill="#000000"/>`)
  const frames = Array.from({ length: 11 }, (_, at) => {
    return `<rect x="${at * 20}" y="${at * 20}" width="${790 - at * 40}" height="${470 - at * 40}" fill="none" stroke="#000000"/>`
  })
  const rows: readonly [name: string, image: Buffer, most: number][] = [
    ['noise', await rawRgb(grain, width, height).png().toBuffer(), 0],
    ['coarse noise', await rawRgb(grain, width, height).blur(2).normalise().png().toBuffer(), 0.01],
    ['a gradient', await png(svg(width, height, '#ffffff', gradient)), 0],
    ['upright bars', await png(svg(width, height, '#ffffff', bars.join(''))), 0],
    ['frames in frames', await png(svg(width, height, '#ffffff', frames.join(''))), 0.03],
  ]
  for (const [name, image, most] of rows) assertNear((await measuresOf(image)).textDensity, 0, most, name)
})

test('CS8: things that stand apart are counted', async () => {
  for (const count of [0, 1, 7, 30]) assert.equal((await measuresOf(await png(buttons(count)))).uiElementCount, count)
  const paragraph = textPage({ ...size, fontPixels: 14, share: 0.5 })
  assert.equal((await measuresOf(await png(paragraph))).uiElementCount, 1)
  const grey = '<rect x="100" y="100" width="300" height="200" fill="#f8f8f8" stroke="#d0d0d0"/>'
  assert.equal((await measuresOf(await png(svg(1280, 720, '#ffffff', grey)))).uiElementCount, 1)
  const open = '<path d="M100 100 V300 H400 V100" fill="none" stroke="#000000"/>'
  assert.equal((await measuresOf(await png(svg(1280, 720, '#ffffff', open)))).uiElementCount, 1)
})

test('CS8: dominant colours are those that cover most, the most frequent first', async () => {
  const areas = [
    '<rect width="1280" height="216" fill="#0a64c8"/>',
    '<rect y="216" width="1280" height="144" fill="#c80a0a"/>',
    '<rect y="360" width="128" height="72" fill="#00c800"/>',
  ]
  const { dominantColors } = await measuresOf(await png(svg(1280, 720, '#202020', areas.join(''))))
  // Of the green there is one hundredth.
  assert.deepEqual(dominantColors, ['#202020', '#0a64c8', '#c80a0a'])
})

test('colours that differ little are one, and there are at most five', async () => {
  const stripe = (color: string, at: number): string =>
    `<rect y="${at * 80}" width="1280" height="80" fill="${color}"/>`
  const near = ['#101010', '#181818', '#202020', '#282828'].map(stripe)
  assert.equal((await measuresOf(await png(svg(1280, 320, '#ffffff', near.join(''))))).dominantColors.length, 1)
  const nine = ['#000000', '#ff0000', '#00ff00', '#0000ff', '#ffff00', '#ff00ff', '#00ffff', '#ffffff', '#808080']
  const far = await measuresOf(await png(svg(1280, 720, '#ffffff', nine.map(stripe).join(''))))
  assert.equal(far.dominantColors.length, 5)
})

test('an image with alpha has the measures of one without, of whatever size', async () => {
  for (const [width, height] of [
    [800, 480],
    [2400, 1200],
  ] as const) {
    const page = sharp(await png(textPage({ width, height, fontPixels: 20, share: 0.6 })))
    const [without, opaque] = await Promise.all([
      page.clone().removeAlpha().png().toBuffer(),
      page.clone().ensureAlpha(1).png().toBuffer(),
    ])
    assert.deepEqual(await measuresOf(opaque), await measuresOf(without))
  }
})

test('other work goes on between bands of a large image', async () => {
  let pauses = 0
  const image = await png(textPage({ width: 1920, height: 1080, fontPixels: 14, share: 0.5 }))
  const measured = await measureImage(image, limits, async () => void pauses++)
  assert.ok(measured.measures)
  assert.ok(pauses >= 3, `${pauses} pauses`)
})
