import type { RefusedEvent, SwarmEvent } from '../contract.ts'
import { observeErrors } from '../errors.ts'
import { eventFromJson } from '../event/index.ts'
import type { StoredLetter } from './letter.ts'

/** What became of a letter that was replayed. */
export type LetterReplay =
  | { readonly outcome: 'taken'; readonly eventId: string }
  | ({ readonly outcome: 'refused' } & RefusedEvent)

/**
 * Takes in what the letter holds, as if it came at `nowMicros`. An event without an id gets the letter's: a second replay is a duplicate and changes nothing (OL6). The
 * letter stays. Rejects with 'observe.letter-without-event' where there is no single event to take, and as `take` does.
 */
export async function replayLetter(
  letter: StoredLetter,
  nowMicros: number,
  take: (events: readonly SwarmEvent[]) => Promise<void>,
): Promise<LetterReplay> {
  const { id, offset, raw, reason, rawBytes, isDeadLetter } = letter
  if (raw === undefined || reason === 'unreadable-batch') {
    throw observeErrors.create('observe.letter-without-event', { offset, reason, bytes: rawBytes })
  }
  const event = eventFromJson(raw, { receivedMicros: nowMicros, eventId: () => id, isDeadLetter })
  if (!('eventId' in event)) return { outcome: 'refused', ...event }
  await take([event])
  return { outcome: 'taken', eventId: event.eventId }
}
