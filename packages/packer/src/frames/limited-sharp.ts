/** The image library with its memory bounded: nothing is kept from call to call, and a call works on one thread. */
import sharp, { type Sharp, type SharpInput, type SharpOptions } from 'sharp'

/** Both settings are the process's own, and cheap to repeat: nobody can have changed them meanwhile. */
export function limitedSharp(input: SharpInput, options: SharpOptions): Sharp {
  sharp.cache(false)
  sharp.concurrency(1)
  return sharp(input, options)
}
