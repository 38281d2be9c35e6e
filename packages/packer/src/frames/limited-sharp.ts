/** The image library with its memory bounded: nothing is kept from call to call, and a call works on one thread. */
import { messageOf } from '@chronicle/base'
import sharp, { type Sharp, type SharpInput, type SharpOptions } from 'sharp'

/** Both settings are the process's own, and cheap to repeat: nobody can have changed them meanwhile. */
export function limitedSharp(input: SharpInput, options: SharpOptions): Sharp {
  sharp.cache(false)
  sharp.concurrency(1)
  return sharp(input, options)
}

const reasonCharactersMax = 200

/** Why a call failed: the last line says it, those before it say on which way. It may repeat what stands in the image, so it is cut. */
export function sharpReason(error: unknown): string {
  return messageOf(error).trimEnd().split('\n').at(-1)!.slice(0, reasonCharactersMax)
}
