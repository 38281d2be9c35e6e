import type { Cells } from './cells.ts'

/** Pixels with a step, from which on a cell has something drawn in it. */
const drawnMin = 4

/**
 * How many things stand apart on the screen (CS8): groups of neighbouring cells with something drawn in them, with at least a cell of plain ground around each. A paragraph is
 * one, a button with its label is one, a frame around others is one more.
 */
export function countUiElements({ columns, rows, drawn }: Cells): number {
  const open = Uint8Array.from(drawn, steps => (steps >= drawnMin ? 1 : 0))
  // Each cell is put here at most once, when it is taken off `open`.
  const waiting = new Uint32Array(open.length)
  let elements = 0
  for (let start = 0; start < open.length; start++) {
    if (open[start] === 0) continue
    elements++
    open[start] = 0
    waiting[0] = start
    for (let left = 1; left > 0; ) {
      const cell = waiting[--left]!
      for (const next of neighbours(cell, columns, rows)) {
        if (open[next] === 0) continue
        open[next] = 0
        waiting[left++] = next
      }
    }
  }
  return elements
}

function* neighbours(cell: number, columns: number, rows: number): Iterable<number> {
  const [x, y] = [cell % columns, Math.floor(cell / columns)]
  for (let row = Math.max(0, y - 1); row <= Math.min(rows - 1, y + 1); row++)
    for (let column = Math.max(0, x - 1); column <= Math.min(columns - 1, x + 1); column++) yield row * columns + column
}
