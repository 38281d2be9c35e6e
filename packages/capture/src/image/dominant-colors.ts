import type { RgbImage } from './cells.ts'

/** Colours that are named. */
const colorsMax = 5
/** Share of the samples below which a colour is not dominant, unless none has more. */
const shareMin = 0.02
/** Per channel, 0 to 255: colours no farther apart are one. */
const distanceMax = 40
/** Enough that a colour with a share of `shareMin` is found to a hundredth of it. */
const samplesMax = 1 << 16

/** Colours fall into boxes by the upper bits of their channels. */
const boxBits = 4
const boxes = 1 << (3 * boxBits)

type Rgb = readonly [red: number, green: number, blue: number]
type Found = { readonly color: Rgb; readonly samples: number }

/**
 * The colours that most of the image has, the most frequent first, as `#rrggbb` (CS8): means of boxes of similar colours, of which those that differ little are one. The same image
 * always has the same colours.
 */
export function dominantColors(image: RgbImage): string[] {
  const dominant: Found[] = []
  const { found, samples } = sampleBoxes(image)
  for (const { color, samples: own } of found.sort((a, b) => b.samples - a.samples)) {
    const near = dominant.findIndex(other => isNear(other.color, color))
    if (near < 0) dominant.push({ color, samples: own })
    else dominant[near] = { color: dominant[near]!.color, samples: dominant[near]!.samples + own }
  }
  return dominant
    .sort((a, b) => b.samples - a.samples)
    .filter(({ samples: own }, place) => place === 0 || own >= shareMin * samples)
    .slice(0, colorsMax)
    .map(({ color }) => `#${Buffer.from(color).toString('hex')}`)
}

/** The boxes that samples fell into, in the order of their numbers. */
function sampleBoxes({ width, height, data }: RgbImage): { found: Found[]; samples: number } {
  const counts = new Uint32Array(boxes)
  const sums = new Uint32Array(boxes * 3)
  // Both ways, so that what repeats every few pixels of a row is not missed.
  const stride = Math.ceil(Math.sqrt((width * height) / samplesMax))
  let samples = 0
  for (let y = 0; y < height; y += stride)
    for (let x = 0; x < width; x += stride, samples++) {
      const at = (y * width + x) * 3
      const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!]
      const down = 8 - boxBits
      const box = ((((red >> down) << boxBits) | (green >> down)) << boxBits) | (blue >> down)
      counts[box]!++
      sums[box * 3]! += red
      sums[box * 3 + 1]! += green
      sums[box * 3 + 2]! += blue
    }
  const mean = (box: number, channel: number): number => Math.round(sums[box * 3 + channel]! / counts[box]!)
  const found: Found[] = []
  for (let box = 0; box < boxes; box++)
    if (counts[box]! > 0) found.push({ color: [mean(box, 0), mean(box, 1), mean(box, 2)], samples: counts[box]! })
  return { found, samples }
}

function isNear(a: Rgb, b: Rgb): boolean {
  return a.every((value, channel) => Math.abs(value - b[channel]!) <= distanceMax)
}
