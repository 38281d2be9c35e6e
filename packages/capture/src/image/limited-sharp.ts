/** The image library with its memory and time bounded: nothing is kept from call to call, a call works on one thread of its own, and ends. */
import { createRequire } from 'node:module'
import { messageOf } from '@chronicle/base'
import type { Sharp, default as SharpLibrary } from 'sharp'

const load = createRequire(import.meta.url)
let library: typeof SharpLibrary | undefined

export type SharpLimits = {
  readonly pixelsMax: number
  readonly secondsMax: number
  /** Of pixels as they are. */
  readonly raw?: { readonly width: number; readonly height: number; readonly channels: 3 }
}

/** Loaded with the first image: it takes 20 MB, and who publishes no screenshots has no use for it. */
export function limitedSharp(image: Uint8Array, { pixelsMax, secondsMax, raw }: SharpLimits): Sharp {
  library ??= load('sharp') as typeof SharpLibrary
  library.cache(false)
  library.concurrency(1)
  const source = raw ? { raw } : { pages: 1 }
  return library(image, { failOn: 'error', limitInputPixels: pixelsMax, ...source }).timeout({ seconds: secondsMax })
}

const reasonCharactersMax = 200

/** Why a call failed: the last line says it, those before it say on which way. It may repeat what stands in the image, so it is cut. */
export function sharpReason(error: unknown): string {
  return messageOf(error).trimEnd().split('\n').at(-1)!.slice(0, reasonCharactersMax)
}
