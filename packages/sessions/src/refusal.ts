import { sessionErrors } from './errors.ts'
import { type LifecycleAction, type LifecycleEvent, type LifecycleState, lifecycle } from './lifecycle.ts'

type Refusal = Extract<LifecycleAction, `refuse: ${string}`>

const refusals = {
  'refuse: not found': 'sessions.session-not-found',
  'refuse: finalized': 'sessions.finalized',
  'refuse: deleted': 'sessions.deleted',
} as const satisfies Record<Refusal, string>

/** What is to be done, where it is not refused: then throws 'sessions.session-not-found', 'sessions.finalized' or 'sessions.deleted'. */
export function actionFor(
  sessionId: string,
  state: LifecycleState,
  event: LifecycleEvent,
): Exclude<LifecycleAction, Refusal> {
  const action = lifecycle[state][event]
  if (isRefusal(action)) throw sessionErrors.create(refusals[action], { session: sessionId })
  return action
}

function isRefusal(action: LifecycleAction): action is Refusal {
  return Object.hasOwn(refusals, action)
}
