/** Runs what is asked for under one name one after another; names do not wait for each other. Holds nothing for a name that is idle. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  run<T>(name: string, action: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(name) ?? Promise.resolve()).then(action, action)
    this.#last.set(name, turn)
    const done = (): void => {
      if (this.#last.get(name) === turn) this.#last.delete(name)
    }
    turn.then(done, done)
    return turn
  }
}
