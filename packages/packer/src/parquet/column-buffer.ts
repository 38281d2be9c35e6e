/** The rows of one column that wait for their row group to fill. */
import type { ColumnSpec, ColumnValues } from './contract.ts'
import { createValues } from './values/create.ts'
import type { Values } from './values/values.ts'

export class ColumnBuffer {
  readonly spec: ColumnSpec
  readonly values: Values
  rows = 0
  /** Of each row, 1 where it has a value; not looked at where the column cannot have nulls. */
  #levels = new Uint8Array(0)

  constructor(spec: ColumnSpec) {
    this.spec = spec
    this.values = createValues(spec.type)
  }

  /** Definition levels; undefined where the column cannot have nulls. */
  get levels(): Uint8Array | undefined {
    return this.spec.nullable ? this.#levels : undefined
  }

  get nulls(): number {
    return this.rows - this.values.count
  }

  append({ validity, values }: ColumnValues, from: number, to: number): void {
    this.#reserve(to - from)
    for (let at = from; at < to; ) {
      const present = isPresent(validity, at)
      const end = endOfRun(validity, at, to)
      this.#levels.fill(present ? 1 : 0, this.rows, this.rows + end - at)
      if (present) this.values.append(values, at, end)
      this.rows += end - at
      at = end
    }
  }

  clear(): void {
    this.rows = 0
    this.values.clear()
  }

  #reserve(more: number): void {
    const needed = this.rows + more
    if (needed <= this.#levels.length) return
    const grown = new Uint8Array(Math.max(needed, this.#levels.length * 2))
    grown.set(this.#levels)
    this.#levels = grown
  }
}

export function isPresent(validity: Uint8Array | undefined, row: number): boolean {
  return validity === undefined || ((validity[row >> 3]! >> (row & 7)) & 1) === 1
}

/** Where the rows end that have values, or have none, like the row `from`. */
function endOfRun(validity: Uint8Array | undefined, from: number, to: number): number {
  if (validity === undefined) return to
  const present = isPresent(validity, from)
  let end = from + 1
  while (end < to && isPresent(validity, end) === present) end++
  return end
}
