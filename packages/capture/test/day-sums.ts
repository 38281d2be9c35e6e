/** Sums by minute, hour and day of UTC, and what a database has of them. */
import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { sessionIds } from './day-deliveries.ts'
import type { Sum } from './day-summary.ts'

const spans: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

export class DaySums {
  readonly #sums = new Map<string, Sum>()

  get size(): number {
    return this.#sums.size
  }

  add(session: number, minutes: ReadonlyMap<number, Sum>): void {
    for (const [minute, sum] of minutes) {
      for (const [span, ms] of Object.entries(spans)) this.#addTo(`${span} ${minute - (minute % ms)} ${session}`, sum)
    }
  }

  /** CE7 */
  assertIn(database: DatabaseSync): void {
    const rows = database.prepare('SELECT * FROM aggregates').all()
    const found = new Map(rows.map(row => [`${row.span} ${row.start_ms} ${sessionOf(row)}`, row]))
    assert.deepEqual(
      [...found.keys()].sort(),
      [...this.#sums.keys()].sort(),
      'there are sums of what happened, and no others',
    )
    for (const [name, { counts, distance }] of this.#sums) {
      const row = found.get(name)!
      assert.deepEqual(JSON.parse(row.counts as string), counts, `counts of ${name}`)
      const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
      const expected = [all, counts.keystroke ?? 0, counts.mouse_click ?? 0, counts.window_focus ?? 0]
      assert.deepEqual([row.events, row.keys, row.clicks, row.focus_changes], expected, `sums of ${name}`)
      assert.ok(Math.abs((row.distance_px as number) - distance) < 1e-6 * (1 + distance), `distance of ${name}`)
    }
  }

  #addTo(name: string, { counts, distance }: Sum): void {
    const sum = this.#sums.get(name) ?? { counts: {}, distance: 0 }
    this.#sums.set(name, sum)
    sum.distance += distance
    for (const [type, count] of Object.entries(counts)) sum.counts[type] = (sum.counts[type] ?? 0) + count
  }
}

function sessionOf({ session_id }: Record<string, unknown>): number {
  const hex = Buffer.from(session_id as Uint8Array).toString('hex')
  return sessionIds.findIndex(id => id.replaceAll('-', '') === hex)
}
