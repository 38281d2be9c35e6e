export {
  type AgentDay,
  addContributions,
  addHeartbeat,
  type Extremes,
  emptyAgentDay,
  extremesUnknown,
  isAgentDay,
  isEmptyDay,
  removeContributions,
  withExtremes,
} from './agent-day.ts'
export { type AgentRow, agentRow } from './agent-row.ts'
export { contributionOf, sameContribution } from './contribution.ts'
export { type Heartbeat, heartbeatOf } from './heartbeat.ts'
export { isLifecycleType, type LifecycleState, type LifecycleType, lifecycle, lifecycleTypes } from './lifecycle.ts'
export { projectTrace } from './trace-row.ts'
export { addEvents, emptyTraceState, isTraceState, mergeTraceStates, type TraceState } from './trace-state.ts'
