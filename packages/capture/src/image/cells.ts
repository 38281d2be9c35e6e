/**
 * What is counted in the pixels of an image, cell by cell: steps of brightness to the right and below, and pixels without any. Text density and elements are
 * both told from these counts.
 */

/** Pixels a side of a cell: about a line of text. Cells at the right and lower end may be smaller. */
const cellPixels = 16

/** 8 bits a channel, three channels, rows without padding. */
export type RgbImage = { readonly width: number; readonly height: number; readonly data: Uint8Array }

/** One entry a cell, row by row: how many of its pixels … */
export type Cells = {
  readonly columns: number
  readonly rows: number
  /** … differ from the right neighbour by a step of text. */
  readonly across: Uint16Array
  /** … differ from the one below by a step of text. */
  readonly down: Uint16Array
  /** … differ from either by any step that is seen. */
  readonly drawn: Uint16Array
  /** … differ from neither. */
  readonly flat: Uint16Array
}

/** Of 255. Ink on paper, though smoothed: the strokes of grey text on white still are steps. */
const textStep = 32
/** A line between two greys of an interface. */
const seenStep = 10
/** Neighbours of one colour, after a lossy coding too. */
const flatStep = 4

/** Counting as many pixels takes some milliseconds; other work goes on between two bands. */
const bandPixels = 1 << 19

/** `pause` lets other work go on. */
export async function countCells(image: RgbImage, pause: () => Promise<void>): Promise<Cells> {
  const { width, height } = image
  const [columns, rows] = [Math.ceil(width / cellPixels), Math.ceil(height / cellPixels)]
  const counts = (): Uint16Array => new Uint16Array(columns * rows)
  const cells = { columns, rows, across: counts(), down: counts(), drawn: counts(), flat: counts() }
  const bandRows = Math.max(1, Math.floor(bandPixels / width))
  for (let row = 0; row < height; row += bandRows) {
    if (row > 0) await pause()
    countBand(image, cells, row, Math.min(height, row + bandRows))
  }
  return cells
}

function countBand(image: RgbImage, cells: Cells, start: number, end: number): void {
  let [row, below] = [new Uint8Array(image.width + 1), new Uint8Array(image.width + 1)]
  readBrightness(image, start, row)
  for (let at = start; at < end; at++) {
    // The last row and the last pixel of a row have themselves as neighbours.
    readBrightness(image, Math.min(at + 1, image.height - 1), below)
    countRow(cells, Math.floor(at / cellPixels) * cells.columns, row, below)
    ;[row, below] = [below, row]
  }
}

function countRow(
  { columns, across, down, drawn, flat }: Cells,
  first: number,
  row: Uint8Array,
  below: Uint8Array,
): void {
  const width = row.length - 1
  for (let column = 0; column < columns; column++) {
    let right = 0
    let under = 0
    let seen = 0
    let none = 0
    const end = Math.min(width, (column + 1) * cellPixels)
    for (let x = column * cellPixels; x < end; x++) {
      const here = row[x]!
      const stepRight = Math.abs(row[x + 1]! - here)
      const stepBelow = Math.abs(below[x]! - here)
      if (stepRight <= flatStep && stepBelow <= flatStep) none++
      else {
        if (stepRight >= textStep) right++
        if (stepBelow >= textStep) under++
        if (stepRight >= seenStep || stepBelow >= seenStep) seen++
      }
    }
    const cell = first + column
    across[cell]! += right
    down[cell]! += under
    drawn[cell]! += seen
    flat[cell]! += none
  }
}

/** The brightness of a row's pixels, 0 to 255 (the weights of ITU-R BT.601 in eighths), the last one twice. */
function readBrightness({ width, data }: RgbImage, row: number, into: Uint8Array): void {
  for (let x = 0, at = row * width * 3; x < width; x++, at += 3)
    into[x] = (data[at]! * 2 + data[at + 1]! * 5 + data[at + 2]!) >> 3
  into[width] = into[width - 1]!
}

/** Pixels of a cell: those at the right and lower end are smaller. */
export function pixelsOfCell({ width, height }: RgbImage, { columns }: Cells, cell: number): number {
  const [column, row] = [cell % columns, Math.floor(cell / columns)]
  return Math.min(cellPixels, width - column * cellPixels) * Math.min(cellPixels, height - row * cellPixels)
}
