/** A large screen with a photograph on its right side, which is what makes screenshots large: noise compresses badly. Always the same pixels. */
import sharp from 'sharp'
import { screen } from './screen.ts'

const [width, height] = [2560, 1440]
const photoFrom = 1216

export type Picture = { readonly format: 'png' | 'jpeg'; readonly bytes: Buffer }

/** About 5 MB each. */
export async function busyScreens(): Promise<Picture[]> {
  const raw = { width, height, channels: 3 } as const
  const pixels = rgb()
  const [png, jpeg] = await Promise.all([
    sharp(pixels, { raw }).png().toBuffer(),
    sharp(pixels, { raw }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
  ])
  return [
    { format: 'png', bytes: png },
    { format: 'jpeg', bytes: jpeg },
  ]
}

function rgb(): Buffer {
  const { rgba } = screen(width, height)
  const pixels = Buffer.alloc(width * height * 3)
  let seed = 4711
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    for (let channel = 0; channel < 3; channel++) {
      // Numerical Recipes' generator; its upper bits.
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      const grain = (seed >>> 24) % 21
      const slope = 110 + 90 * Math.sin(x / 170 + channel) * Math.cos(y / 130)
      pixels[pixel * 3 + channel] = x < photoFrom ? rgba[pixel * 4 + channel]! : slope + grain
    }
  }
  return pixels
}
