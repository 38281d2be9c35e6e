/** Source text as it is generated: lines, and names that are used once. */
export class Source {
  readonly #lines: string[] = []
  #names = 0

  line(text: string): void {
    this.#lines.push(text)
  }

  /** A variable name of its own. */
  name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  /** A block: `head {` … `}`. */
  block(head: string, body: () => void): void {
    this.#lines.push(`${head} {`)
    body()
    this.#lines.push('}')
  }

  toString(): string {
    return this.#lines.join('\n')
  }
}
