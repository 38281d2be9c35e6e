/** Cuts columns into runs of rows of one day. */
import type { Calendar } from '../archive/calendar.ts'
import type { EventColumns } from '../intake/contract.ts'

export type RowRun = { readonly from: number; to: number }

export class DayCutter {
  readonly #calendar: Calendar
  #day = ''
  #fromNs = 0n
  #toNs = 0n
  /** The high words of the first and the last nanosecond of the day's span. */
  #fromHigh = 0
  #toHigh = 0

  constructor(calendar: Calendar) {
    this.#calendar = calendar
  }

  dayOf(ns: bigint): string {
    if (ns < this.#fromNs || ns >= this.#toNs) {
      const span = this.#calendar.spanOf(ns)
      this.#day = span.day
      this.#fromNs = span.fromNs
      this.#toNs = span.toNs
      this.#fromHigh = Number(span.fromNs >> 32n)
      this.#toHigh = Number(span.toNs >> 32n)
    }
    return this.#day
  }

  /** The runs of each day, in the order in which the days come up. The rows of a day stay in their order (PA1). */
  runsOf({ timestampNs, rows }: EventColumns): Map<string, RowRun[]> {
    const runs = new Map<string, RowRun[]>()
    const words = new Uint32Array(timestampNs.buffer, timestampNs.byteOffset, rows * 2)
    let current: { day: string; run: RowRun } | undefined
    for (let row = 0; row < rows; row++) {
      const high = words[row * 2 + 1]!
      const isInside = current?.day === this.#day && high > this.#fromHigh && high < this.#toHigh
      const day = isInside ? this.#day : this.dayOf(timestampNs[row]!)
      if (current?.day === day) current.run.to = row + 1
      else {
        current = { day, run: { from: row, to: row + 1 } }
        const known = runs.get(day)
        if (known) known.push(current.run)
        else runs.set(day, [current.run])
      }
    }
    return runs
  }
}
