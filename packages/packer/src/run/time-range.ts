/** The least and the greatest time, by 32-bit words: reading elements of a BigInt64Array would make an object of each. All are above 0. */
export class TimeRange {
  #least = [0x7fff_ffff, 0xffff_ffff]
  #most = [0, 0]

  add(times: BigInt64Array, rows: number): void {
    const words = new Uint32Array(times.buffer, times.byteOffset, rows * 2)
    let [leastHigh, leastLow, mostHigh, mostLow] = [...this.#least, ...this.#most] as [number, number, number, number]
    for (let at = 0; at < rows * 2; at += 2) {
      const low = words[at]!
      const high = words[at + 1]!
      if (high < leastHigh || (high === leastHigh && low < leastLow)) {
        leastHigh = high
        leastLow = low
      }
      if (high > mostHigh || (high === mostHigh && low > mostLow)) {
        mostHigh = high
        mostLow = low
      }
    }
    this.#least = [leastHigh, leastLow]
    this.#most = [mostHigh, mostLow]
  }

  bounds(): { first: bigint; last: bigint } {
    return { first: join(this.#least), last: join(this.#most) }
  }
}

function join(words: readonly number[]): bigint {
  return (BigInt(words[0]!) << 32n) | BigInt(words[1]!)
}
