/**
 * What a lifecycle event does to a trace (OE3). Events are replayed in the order of their times, so each meets the state that all
 * earlier ones have made, whenever it arrived.
 */

import type { TraceStatus } from '../contract.ts'

/** 'absent': no lifecycle event so far, other spans at most. People are shown 'pending'. */
export type LifecycleState = 'absent' | TraceStatus

/** Events with the same time are replayed in this order, the one in which they should have happened. */
export const lifecycleTypes = [
  'task.created',
  'task.assigned',
  'task.started',
  'task.completed',
  'task.failed',
  'task.timeout',
] as const

export type LifecycleType = (typeof lifecycleTypes)[number]
export type FinalType = 'task.completed' | 'task.failed' | 'task.timeout'
export const finalTypes: readonly FinalType[] = ['task.completed', 'task.failed', 'task.timeout']

/** `fits`: the event is the next one of a trace in which nothing is missing, repeated or late. Otherwise it counts as out of order. */
export type Step = { readonly to: LifecycleState; readonly fits: boolean }

const fits = (to: LifecycleState): Step => ({ to, fits: true })
const outOfOrder = (to: LifecycleState): Step => ({ to, fits: false })

/**
 * State × event → state. States only go forward, in the order absent, pending, assigned, in_progress, final; what is skipped was
 * lost, or its sender's clock is ahead, and the trace has come that far all the same.
 */
export const lifecycle: Readonly<Record<LifecycleState, Readonly<Record<LifecycleType, Step>>>> = {
  // The first event should be task.created. Any other one says how far the trace has come.
  absent: {
    'task.created': fits('pending'),
    'task.assigned': outOfOrder('assigned'),
    'task.started': outOfOrder('in_progress'),
    'task.completed': outOfOrder('completed'),
    'task.failed': outOfOrder('failed'),
    'task.timeout': outOfOrder('timed_out'),
  },
  // Waits for an agent, and may time out doing so.
  pending: {
    'task.created': outOfOrder('pending'), // a second creation
    'task.assigned': fits('assigned'),
    'task.started': outOfOrder('in_progress'), // nobody was assigned
    'task.completed': outOfOrder('completed'),
    'task.failed': outOfOrder('failed'),
    'task.timeout': fits('timed_out'),
  },
  // Has an agent that has not begun.
  assigned: {
    'task.created': outOfOrder('assigned'),
    'task.assigned': outOfOrder('assigned'), // given to another agent: a retry
    'task.started': fits('in_progress'),
    'task.completed': outOfOrder('completed'), // never started
    'task.failed': outOfOrder('failed'),
    'task.timeout': fits('timed_out'),
  },
  // Is being worked on.
  in_progress: {
    'task.created': outOfOrder('in_progress'),
    'task.assigned': outOfOrder('in_progress'), // a retry: it does not go back to waiting
    'task.started': outOfOrder('in_progress'), // begun again
    'task.completed': fits('completed'),
    'task.failed': fits('failed'),
    'task.timeout': fits('timed_out'),
  },
  // Final states stay, whatever comes.
  completed: stays('completed'),
  failed: stays('failed'),
  timed_out: stays('timed_out'),
}

function stays(state: LifecycleState): Readonly<Record<LifecycleType, Step>> {
  const step = outOfOrder(state)
  return {
    'task.created': step,
    'task.assigned': step,
    'task.started': step,
    'task.completed': step,
    'task.failed': step,
    'task.timeout': step,
  }
}

const known: ReadonlySet<string> = new Set(lifecycleTypes)

export function isLifecycleType(eventType: string): eventType is LifecycleType {
  return known.has(eventType)
}
