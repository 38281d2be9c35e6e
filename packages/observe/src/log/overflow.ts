import type { FollowedPartitions } from './followed.ts'

/**
 * Passes over the oldest unread records, those of the longest backlog first, until `eventsMax` are left. Returns how many: they are in the log, and will not
 * be in the tables (OL8).
 */
export function dropOldest(followed: FollowedPartitions, eventsMax: number): number {
  const longestFirst = [...followed].sort((a, b) => b.unread - a.unread)
  const unread = longestFirst.reduce((sum, each) => sum + each.unread, 0)
  let surplus = unread - eventsMax
  const dropped = Math.max(0, surplus)
  for (const each of longestFirst) {
    if (surplus <= 0) break
    const cut = Math.min(surplus, each.unread)
    each.next += cut
    surplus -= cut
  }
  return dropped
}
