/** The blocks of one window, as the merge wants them. */
import { captureErrors } from '../errors.ts'
import { type EventBlocks, openBlock } from '../store/event-blocks.ts'
import type { PayloadKeys } from '../store/payload-keys.ts'
import type { WindowKey } from '../store/window-rows.ts'
import type { BlockSource } from './merge.ts'

/** `onDamaged` is told of each block that cannot be read any more, and how many events were in it. */
export function storedWindow(
  window: WindowKey,
  blocks: EventBlocks,
  keys: PayloadKeys,
  onDamaged: (events: number, error: unknown) => void,
): BlockSource {
  return {
    page: (after, rowsMax) => blocks.page(window, after, rowsMax),
    async open(row) {
      try {
        return await openBlock(window, row, keys)
      } catch (error) {
        if (!captureErrors.is(error) || error.code !== 'capture.database-block-damaged') throw error
        onDamaged(row.events, error)
        return undefined
      }
    },
  }
}
