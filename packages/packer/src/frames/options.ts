import { packerErrors } from '../errors.ts'

export type FrameOptions = {
  /** Of AVIF, from 1 to 100. */
  readonly quality: number
  /** The encoder's effort, from 0, the fastest, to 9. */
  readonly effort: number
  /** Longer side of the thumbnail. A frame that is not larger has none. */
  readonly thumbnailPixelsMax: number
  /** Width times height of a frame; checked before anything is decoded. */
  readonly pixelsMax: number
  readonly sidePixelsMax: number
  /** Of the image as it comes. */
  readonly imageBytesMax: number
  /** Of the frame's ids and JSON together, in UTF-8. */
  readonly metadataBytesMax: number
}

/** A 6K display fits, and two of 4K side by side: 85 MB decoded, and about 700 MB more while it is encoded. */
export const frameDefaults: FrameOptions = {
  quality: 50,
  effort: 0,
  thumbnailPixelsMax: 320,
  pixelsMax: 6144 * 3456,
  sidePixelsMax: 16_384,
  imageBytesMax: 256 * 1024 * 1024,
  metadataBytesMax: 1024 * 1024,
}

/** What an option may be: AV1 frames have at most 65,536 pixels a side; the JSON of a frame is held a few times over. */
const ranges: Readonly<Record<keyof FrameOptions, readonly [min: number, max: number]>> = {
  quality: [1, 100],
  effort: [0, 9],
  thumbnailPixelsMax: [16, 1024],
  pixelsMax: [1, 512 * 1024 * 1024],
  sidePixelsMax: [1, 65_536],
  imageBytesMax: [1, 1024 * 1024 * 1024],
  metadataBytesMax: [1, 16 * 1024 * 1024],
}

/** Throws `packer.frame-option`, which names the option and what is accepted. */
export function checkFrameOptions(options: FrameOptions): void {
  for (const [option, [min, max]] of Object.entries(ranges) as [keyof FrameOptions, readonly [number, number]][]) {
    const value = options[option]
    if (!Number.isInteger(value) || value < min || value > max) {
      throw packerErrors.create('packer.frame-option', {
        option,
        value,
        accepted: `a whole number from ${min} to ${max}`,
      })
    }
  }
}
