/**
 * What may happen to a session when. The states are durable: each stands in the session's record before anything that depends on it is
 * done, so that a crash at any moment leaves a state from which the next one who touches the session goes on (SE6).
 */

/** 'absent' has no record: a session begins with its first whole chunk. */
export type StoredState = 'open' | 'finalizing' | 'finalized' | 'deleting' | 'deleted'
export type LifecycleState = 'absent' | StoredState

/** 'prove' stands for everything that is answered from the tree: proofs, consistency, tiles, and the root. */
export type LifecycleEvent = 'post' | 'read' | 'prove' | 'view' | 'finalize' | 'delete'

export type LifecycleAction =
  | 'go on'
  | 'begin' // go on, and write the record before the first chunk
  | 'start finalizing'
  | 'complete finalizing'
  | 'start deleting'
  | 'complete deleting'
  | 'answer as before'
  | 'refuse: not found'
  | 'refuse: finalized'
  | 'refuse: deleted'

/** State × event → action. */
export const lifecycle: Readonly<Record<LifecycleState, Readonly<Record<LifecycleEvent, LifecycleAction>>>> = {
  // Nobody has posted to it, or its first chunk did not arrive whole.
  absent: {
    post: 'begin',
    read: 'refuse: not found',
    prove: 'refuse: not found',
    view: 'refuse: not found',
    finalize: 'refuse: not found',
    delete: 'refuse: not found',
  },
  // Takes chunks. Its tree grows with the run of chunks from 0 on.
  open: {
    post: 'go on',
    read: 'go on',
    prove: 'go on',
    view: 'go on',
    finalize: 'start finalizing',
    delete: 'start deleting',
  },
  // Every chunk is there and none comes any more, but the last checkpoint may not be signed: a crash came in between, for nobody
  // sees this state otherwise. Completing it needs nothing but what is stored.
  finalizing: {
    post: 'refuse: finalized',
    read: 'go on',
    prove: 'complete finalizing',
    view: 'complete finalizing',
    finalize: 'complete finalizing',
    delete: 'start deleting',
  },
  // Closed, with its checkpoint. It can still be deleted.
  finalized: {
    post: 'refuse: finalized',
    read: 'go on',
    prove: 'go on',
    view: 'go on',
    finalize: 'answer as before',
    delete: 'start deleting',
  },
  // The decision stands; the key may be gone, some chunks may be gone: nobody is shown any of them. Tree and checkpoint are whole.
  deleting: {
    post: 'refuse: deleted',
    read: 'refuse: deleted',
    prove: 'complete deleting',
    view: 'complete deleting',
    finalize: 'refuse: deleted',
    delete: 'complete deleting',
  },
  // Key and chunks are gone for good; tree, checkpoint and record stay.
  deleted: {
    post: 'refuse: deleted',
    read: 'refuse: deleted',
    prove: 'go on',
    view: 'go on',
    finalize: 'refuse: deleted',
    delete: 'answer as before',
  },
}
