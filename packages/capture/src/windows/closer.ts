/** Closes windows whose time has passed. */
import type { Clock } from '@chronicle/base'
import type { CaptureDatabase } from '../store/database.ts'
import type { WindowRow, WindowRows } from '../store/window-rows.ts'
import type { WindowShape } from './assignment.ts'
import { closedAtOnceMax } from './limits.ts'

export type CloserOptions = {
  readonly database: CaptureDatabase
  readonly windows: WindowRows
  readonly shape: WindowShape
  readonly clock: Clock
  /** Windows are closed, which can be built now. */
  onClosed(): void
}

export class Closer {
  readonly #options: CloserOptions

  constructor(options: CloserOptions) {
    this.#options = options
  }

  /**
   * Closes the windows that are due at `nowMs`, at most {@link closedAtOnceMax} of them; returns how many. A closed window is never opened again (CW3),
   * whatever the clock shows later; after a jump ahead all that are due close one after the other. What was stored until then is on the disk before a batch
   * can say so. Throws `DatabaseError`.
   */
  closeDue(nowMs: number): number {
    const { windows, shape } = this.#options
    return this.#close(windows.due(nowMs - shape.latenessMs, closedAtOnceMax))
  }

  /** At the start: windows of another width do not stay open, for no event joins them any more. */
  closeOfOtherWidth(): void {
    const { windows, shape } = this.#options
    while (this.#close(windows.ofOtherWidth(shape.windowMs, closedAtOnceMax)) === closedAtOnceMax);
  }

  #close(due: readonly WindowRow[]): number {
    if (due.length === 0) return 0
    const { database, windows, clock, onClosed } = this.#options
    const nowMs = clock.now()
    database.durably(() => {
      for (const row of due) windows.close(row, nowMs)
    })
    onClosed()
    return due.length
  }
}
