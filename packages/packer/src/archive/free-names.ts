/** Gives names to files that are being made: each once, and none that a file has. */
import { directoryOf, frameName, type Moment, secondName } from './names.ts'

export class FreeNames {
  readonly #directoryFormat: string
  readonly #isInPlace: (path: string) => boolean
  /** Given out, and of no file in place yet. */
  readonly #reserved = new Set<string>()
  /** How many names of a moment were tried: a recorder whose clock stands still has thousands of frames in one. */
  readonly #tried = new Map<string, number>()

  constructor(directoryFormat: string, isInPlace: (path: string) => boolean) {
    this.#directoryFormat = directoryFormat
    this.#isInPlace = isInPlace
  }

  /** `events_…`, `refused_…`. */
  file(root: 'parquet' | 'quarantine', at: Moment): string {
    const directory = this.#directory(root, at.day)
    const [prefix, suffix] = root === 'parquet' ? ['events', '.parquet'] : ['refused', '.jsonl']
    const moment = `${directory} ${at.second}`
    let tried = this.#tried.get(moment) ?? 0
    const begin = { ...at, second: at.second + tried }
    const name = secondName(prefix!, suffix!, begin, each => {
      tried++
      return this.#isTaken(`${directory}/${each}`)
    })
    return this.#take(`${directory}/${name}`, moment, tried)
  }

  frame(at: Moment): string {
    const directory = this.#directory('heif', at.day)
    const moment = `${directory} ${at.second}`
    for (let number = this.#tried.get(moment) ?? 0; ; number++) {
      const path = `${directory}/${frameName(at, number)}`
      if (!this.#isTaken(path)) return this.#take(path, moment, number + 1)
    }
  }

  /** Those that were given out are in place by now, or will not be. */
  forget(): void {
    this.#reserved.clear()
    this.#tried.clear()
  }

  #directory(root: string, day: string): string {
    return `${root}/${directoryOf(this.#directoryFormat, day)}`
  }

  #isTaken(path: string): boolean {
    return this.#reserved.has(path) || this.#isInPlace(path)
  }

  #take(path: string, moment: string, tried: number): string {
    this.#reserved.add(path)
    this.#tried.set(moment, tried)
    return path
  }
}
