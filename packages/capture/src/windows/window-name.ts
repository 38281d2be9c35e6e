import type { WindowKey } from '../store/window-rows.ts'

/** What a window is called in memory. */
export function windowNameOf({ sessionId, start }: WindowKey): string {
  return `${sessionId.toString('hex')} ${start}`
}
