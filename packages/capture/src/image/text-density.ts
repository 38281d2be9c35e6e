import { type Cells, pixelsOfCell, type RgbImage } from './cells.ts'

/** Shares of a cell's pixels. */
const strokesMin = 0.03
const strokesMax = 0.5
const paperMin = 0.2

/**
 * Share of the image that looks like text, 0 to 1 in thousandths (CS8): that of the cells which have strong steps both across and down, as strokes have, and paper between
 * them, as photographs and noise have not. A line or an edge has steps one way only. Small icons count as text.
 */
export function textDensity(image: RgbImage, cells: Cells): number {
  let pixels = 0
  for (let cell = 0; cell < cells.across.length; cell++) {
    const all = pixelsOfCell(image, cells, cell)
    if (isText(cells, cell, all)) pixels += all
  }
  return Math.round((1000 * pixels) / (image.width * image.height)) / 1000
}

function isText({ across, down, flat }: Cells, cell: number, pixels: number): boolean {
  const strokes = Math.min(across[cell]!, down[cell]!) / pixels
  return strokes >= strokesMin && strokes <= strokesMax && flat[cell]! / pixels >= paperMin
}
