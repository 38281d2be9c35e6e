/** Real images for a day: many small ones, and a few above the size up to which a screenshot stays in memory. */
import { checksum } from '@chronicle/vault'
import sharp from 'sharp'
import { noise, rawRgb, svg, textPage } from './image-support.ts'

export type DayImage = {
  readonly bytes: Buffer
  readonly hash: string
  readonly format: string
  readonly width: number
  readonly height: number
}

/** Of how many screenshots one is large. */
export const largeEvery = 40

export async function dayImages(seed: number): Promise<{ readonly small: DayImage[]; readonly large: DayImage[] }> {
  const page = (fontPixels: number, share: number): Buffer => textPage({ width: 320, height: 200, fontPixels, share })
  const drawings = [
    page(12, 1),
    page(15, 0.5),
    page(18, 0.2),
    svg(280, 180, '#203040', '<circle cx="9" cy="9" r="7"/>'),
  ]
  const small = await Promise.all([
    ...drawings.map(drawing => sharp(drawing).png().toBuffer()),
    ...drawings.map(drawing => sharp(drawing).jpeg().toBuffer()),
    ...drawings.map(drawing => sharp(drawing).webp().toBuffer()),
  ])
  const large = await Promise.all(
    [1, 2].map(each =>
      rawRgb(noise(1400, 1300, seed + each), 1400, 1300)
        .png()
        .toBuffer(),
    ),
  )
  return { small: await Promise.all(small.map(described)), large: await Promise.all(large.map(described)) }
}

async function described(bytes: Buffer): Promise<DayImage> {
  const sum = checksum('blake3')
  sum.update(bytes)
  const { format, width, height } = await sharp(bytes).metadata()
  return { bytes, hash: sum.digest().toString('hex'), format: format!, width, height }
}
