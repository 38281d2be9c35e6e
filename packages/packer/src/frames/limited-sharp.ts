/** The image library with its memory bounded: nothing is kept from call to call, and a call works on one thread. */
import { createRequire } from 'node:module'
import { messageOf } from '@chronicle/base'
import type { Sharp, SharpInput, default as SharpLibrary, SharpOptions } from 'sharp'

const load = createRequire(import.meta.url)
let library: typeof SharpLibrary | undefined

/** Loaded with the first frame: it takes 20 MB, and most nights and all commands that read have no use for it. Both settings are the process's own, and cheap to repeat: nobody can have changed them meanwhile. */
export function limitedSharp(input: SharpInput, options: SharpOptions): Sharp {
  library ??= load('sharp') as typeof SharpLibrary
  library.cache(false)
  library.concurrency(1)
  return library(input, options)
}

const reasonCharactersMax = 200

/** Why a call failed: the last line says it, those before it say on which way. It may repeat what stands in the image, so it is cut. */
export function sharpReason(error: unknown): string {
  return messageOf(error).trimEnd().split('\n').at(-1)!.slice(0, reasonCharactersMax)
}
