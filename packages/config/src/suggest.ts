/** The candidate that a person probably meant by `typed`, or undefined when none is near. */
export function suggest(typed: string, candidates: Iterable<string>): string | undefined {
  // One slip in three letters is a typing error; more is another word.
  let distanceMax = Math.max(1, Math.floor(typed.length / 3))
  let best: string | undefined
  for (const candidate of candidates) {
    const distance = editDistance(typed.toLowerCase(), candidate.toLowerCase())
    if (distance <= distanceMax) {
      best = candidate
      distanceMax = distance - 1
    }
  }
  return best
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b` (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let distance = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, beforeLast[j - 2]! + 1)
      }
      row.push(distance)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
