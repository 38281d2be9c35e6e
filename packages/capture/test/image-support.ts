/** Screens to measure, drawn so that what has to be found is known. */
import { crc32 } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import type { ImageLimits } from '../src/image/contract.ts'

export const limits: ImageLimits = { pixelsMax: 33_177_600, secondsMax: 60 }
export const noPause = async (): Promise<void> => undefined

const words = 'The quick brown fox jumps over the lazy dog while twelve engineers measure text in windows '.repeat(8)

export type PageOptions = {
  readonly width: number
  readonly height: number
  readonly fontPixels: number
  /** Of the height, from above, that lines of text cover over the whole width: as many whole lines as there is room for. */
  readonly share: number
  readonly paper?: string
  readonly ink?: string
}

const pitchOf = (fontPixels: number): number => Math.round(fontPixels * 1.35)

/** The share of a page that its whole lines cover. */
export function coveredShare({ height, fontPixels, share }: PageOptions): number {
  return (Math.floor((height * share) / pitchOf(fontPixels)) * pitchOf(fontPixels)) / height
}

/** A page of text in SVG, its lines at the usual distance of 1.35 times their size. */
export function textPage({
  width,
  height,
  fontPixels,
  share,
  paper = '#ffffff',
  ink = '#222222',
}: PageOptions): Buffer {
  const pitch = pitchOf(fontPixels)
  const lines = Array.from({ length: Math.floor((height * share) / pitch) }, (_, line) => {
    const text = words.slice(line % 7, (line % 7) + Math.ceil((width / fontPixels) * 2.2))
    return `<text x="0" y="${fontPixels + line * pitch}" font-family="sans-serif" font-size="${fontPixels}" fill="${ink}">${text}</text>`
  })
  return svg(width, height, paper, lines.join(''))
}

/** Framed buttons with labels, `columns` to a row, far enough apart to be told from each other. */
export function buttons(count: number, columns = 5): Buffer {
  const drawn = Array.from({ length: count }, (_, button) => {
    const [x, y] = [40 + (button % columns) * 200, 40 + Math.floor(button / columns) * 100]
    return `<g transform="translate(${x},${y})"><rect width="140" height="40" fill="#ffffff" stroke="#888888"/><text x="20" y="25" font-family="sans-serif" font-size="15">Button ${button}</text></g>`
  })
  return svg(1100, 700, '#f0f0f0', drawn.join(''))
}

export function svg(width: number, height: number, ground: string, content: string): Buffer {
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${ground}"/>${content}</svg>`,
  )
}

export const png = (drawing: Buffer): Promise<Buffer> => sharp(drawing).png().toBuffer()

/** Pixels that have nothing to do with each other, from a seed. */
export function noise(width: number, height: number, seed: number): Buffer {
  const data = Buffer.alloc(width * height * 3)
  let state = seed
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[at] = state >>> 24
  }
  return data
}

export const rawRgb = (data: Buffer, width: number, height: number): Sharp =>
  sharp(data, { raw: { width, height, channels: 3 } })

/** A PNG of RGB whose header says this size, with what follows the header. */
export function pngOf(width: number, height: number, ...chunks: readonly Buffer[]): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  const begin = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return Buffer.concat([begin, pngChunk('IHDR', header), ...chunks, pngChunk('IEND', Buffer.alloc(0))])
}

export function pngChunk(type: string, content: Buffer): Buffer {
  const checked = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  crc.writeUInt32BE(crc32(checked))
  return Buffer.concat([length, checked, crc])
}
