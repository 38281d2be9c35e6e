import type { ShotState } from './contract.ts'

export type ShotEvent = 'placed' | 'analysed' | 'destroyed'

type Row = Readonly<Record<ShotEvent, ShotState>>

/** State × event → next state. */
const table: Readonly<Record<ShotState, Row>> = {
  // Its place is found once its pixels are measured. An analysis that needs no bytes may be done before; a deadline may pass before.
  captured: { placed: 'stored', analysed: 'analysed', destroyed: 'deleted' },
  // Placed again: from memory into a file, to make room.
  stored: { placed: 'stored', analysed: 'analysed', destroyed: 'deleted' },
  // Answers come more than once, since batches do. One that is kept for who develops may still go into a file.
  analysed: { placed: 'analysed', analysed: 'analysed', destroyed: 'deleted' },
  // Nothing brings bytes back (CS3).
  deleted: { placed: 'deleted', analysed: 'deleted', destroyed: 'deleted' },
}

export function nextState(state: ShotState, event: ShotEvent): ShotState {
  return table[state][event]
}
