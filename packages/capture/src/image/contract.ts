import type { ImageFormat } from './format.ts'

/** What an image says of itself. What could not be told is absent, and `refusal` says why. */
export type ImageFacts = {
  readonly format?: ImageFormat
  /** Pixels, as the header says. */
  readonly width?: number
  readonly height?: number
  readonly measures?: ImageMeasures
  readonly refusal?: ImageRefusal
}

/** What is measured from the pixels. */
export type ImageMeasures = {
  /** 0 to 1: see `text-density.ts`. */
  readonly textDensity: number
  /** `#rrggbb`, the most frequent first: see `dominant-colors.ts`. */
  readonly dominantColors: readonly string[]
  /** See `ui-elements.ts`. */
  readonly uiElementCount: number
}

export const imageRefusals = ['unknown-format', 'too-many-pixels', 'unreadable', 'timed-out'] as const

export type ImageRefusal = {
  readonly reason: (typeof imageRefusals)[number]
  /** For people; holds nothing of what the image shows. */
  readonly detail: string
}

export type ImageLimits = {
  /** Pixels of an image whose pixels are looked at. */
  readonly pixelsMax: number
  /** Time that decoding may take. */
  readonly secondsMax: number
}
