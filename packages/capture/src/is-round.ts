/** 1, 10, 100, …: what happens very often is said now and then. */
export function isRound(count: number): boolean {
  return Number.isInteger(Math.log10(count))
}
