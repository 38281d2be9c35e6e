/** Programs that open HEIF files and are not ours. */
import { join } from 'node:path'
import { interopPython } from './python.ts'
import { missingProgram, run } from './toolchain.ts'

export type FoundPicture = {
  readonly format: string
  readonly size: readonly [width: number, height: number]
  readonly exif: Readonly<Record<string, string>>
  readonly xmp: string
  /** In Base64. */
  readonly rgba: string
}

const outputBytesMax = 64 * 1024 * 1024

/** Why libheif's own programs, as Debian has them, cannot be used here; undefined where they can. */
export function missingLibheif(): string | undefined {
  const hint = 'apt-get install libheif-examples'
  return (
    missingProgram('heif-info', ['--help'], hint) ??
    missingProgram('heif-convert', ['--help'], hint) ??
    missingProgram('heif-enc', ['--list-encoders'], hint)
  )
}

/** Python's Pillow with libavif. */
export function pillow(): { missing: string | undefined; open(path: string): FoundPicture } {
  const { python, missing } = interopPython('heif')
  const program = join(import.meta.dirname, 'python/heif.py')
  return { missing, open: path => JSON.parse(run(python, [program, path], { maxBuffer: outputBytesMax })) }
}

/** RGBA with areas of one colour, edges and a slope. */
export function rgbaPicture(width: number, height: number, alpha: (x: number) => number): Buffer {
  const data = Buffer.alloc(width * height * 4)
  for (let at = 0; at < data.length; at += 4) {
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)]
    data.set([(x >> 4) % 2 === 0 ? 240 : 30, Math.floor((y * 255) / height), (x + y) % 97 < 3 ? 255 : 80, alpha(x)], at)
  }
  return data
}
