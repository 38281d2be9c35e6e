import type { ReceivedRecord } from './client.ts'

/** Records that a client pushes, for a member that is polled. */
export class Inbox {
  readonly #records: ReceivedRecord[] = []
  readonly #positions = new Map<number, number>()
  #wake = () => {}

  push(record: ReceivedRecord): void {
    this.#records.push(record)
    this.#wake()
  }

  async take(count: number, withinMs: number): Promise<ReceivedRecord[]> {
    const { promise: timeIsOver, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, withinMs)
    let late = false
    timeIsOver.then(() => {
      late = true
    })
    while (this.#records.length < count && !late) {
      const arrival = new Promise<void>(wake => {
        this.#wake = wake
      })
      await Promise.race([arrival, timeIsOver])
    }
    clearTimeout(timer)
    const taken = this.#records.splice(0, count)
    for (const { partition, offset } of taken) this.#positions.set(partition, offset + 1)
    return taken
  }

  /** By partition, the offset after the last record taken. */
  get positions(): ReadonlyMap<number, number> {
    return this.#positions
  }
}
