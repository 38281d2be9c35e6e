/**
 * Whether `value` takes more than so many characters as JSON, roughly and from below. Looked at before it is written: a list of a hundred million holes takes no room in memory,
 * and seconds and gigabytes to write down.
 */
export function isLongerThan(value: unknown, charactersMax: number): boolean {
  return charactersLeft(value, charactersMax) < 0
}

/** Of `left`, once `value` is written; negative as soon as that is not enough. */
function charactersLeft(value: unknown, left: number): number {
  if (typeof value === 'string') return left - value.length
  if (typeof value !== 'object' || value === null) return left - 1
  if (ArrayBuffer.isView(value)) return left - value.byteLength
  const members: readonly unknown[] = Array.isArray(value) ? value : Object.values(value)
  // A comma or a bracket each.
  if (members.length > left) return -1
  for (let at = 0; at < members.length && left >= 0; at++) left = charactersLeft(members[at], left - 1)
  return left
}
