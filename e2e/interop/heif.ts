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
