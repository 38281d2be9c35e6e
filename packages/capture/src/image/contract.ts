import type { ImageFormat } from './format.ts'

/** What is known of an image. What could not be told is absent, and `refusal` says why. */
export type ImageFacts = {
  readonly sizeBytes: number
  /** BLAKE3 of the bytes as they came, 64 hex digits. */
  readonly hash: string
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
