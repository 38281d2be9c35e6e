/**
 * Frames that chunks have in flight besides the one that each of them always may: all chunks share them, so that memory grows with the number of workers, and
 * with the queue by no more than one frame a chunk (SE7).
 */
export class FrameBudget {
  #left: number

  constructor(frames: number) {
    this.#left = frames
  }

  /** False when there is none left: the chunk goes on with what it has. */
  take(): boolean {
    if (this.#left === 0) return false
    this.#left--
    return true
  }

  giveBack(frames: number): void {
    this.#left += frames
  }
}
