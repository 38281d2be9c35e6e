import type { ErrorName } from '../error-codes.ts'
import type { Group, Protocol } from './group.ts'
import type { GroupSettings } from './settings.ts'
import type { GroupStateV1 } from './stored-group.ts'

/**
 * What can happen to a group. Events with a `ticket` come from a client and are answered exactly once, now or later, by a
 * `reply` with that ticket (G5); the others come from timers and from the disk.
 */
export type GroupEvent = {
  /** JoinGroup without a member id. */
  join: Ticketed &
    JoinFields & {
      /** The id that it gets if it is let in. */
      readonly newMemberId: string
      /** JoinGroup v4+: a dynamic member has to come back with its id first (KIP-394). */
      readonly memberIdRequired: boolean
      /** JoinGroup v9+: a leader may be told not to assign (KIP-814). */
      readonly skipAssignmentSupported: boolean
    }
  /** JoinGroup with a member id. */
  rejoin: Ticketed & JoinFields & MemberIdentity
  sync: Ticketed &
    MemberIdentity & {
      readonly generationId: number
      /** Null = not said (before v5). */
      readonly protocolType: string | null
      readonly protocolName: string | null
      /** From the leader only. */
      readonly assignments: ReadonlyMap<string, Buffer>
    }
  heartbeat: Ticketed & MemberIdentity & { readonly generationId: number }
  leave: Ticketed & { readonly members: readonly (MemberIdentity & { readonly reason: string | null })[] }
  /** May these offsets be committed? The commit itself is the caller's. */
  commit: Ticketed & MemberIdentity & { readonly generationId: number }
  /** DeleteGroups, or everything in an empty group has expired. */
  delete: Ticketed
  /** A member, or an id that was handed out, has been silent for its session timeout. */
  sessionExpired: { readonly memberId: string }
  /** The join phase has taken as long as it may. */
  joinDeadline: Record<never, never>
  /** Members had as long to send SyncGroup as they have for a rebalance. */
  syncDeadline: Record<never, never>
  /** The leader's assignments are durable, or failed to become so. */
  assignmentStored: { readonly generationId: number; readonly error: ErrorName }
  /** The new id of a static member is durable, or failed to become so. */
  memberStored: MemberStored & { readonly error: ErrorName }
  /** The broker stops. Nothing is stored: the group goes on after the restart. */
  unload: Record<never, never>
}

export type EventName = keyof GroupEvent
export type AnyEvent = { [E in EventName]: { readonly type: E } & GroupEvent[E] }[EventName]

type Ticketed = { readonly ticket: number }
export type MemberIdentity = { readonly memberId: string; readonly instanceId: string | null }
export type JoinFields = {
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly Protocol[]
  readonly reason: string | null
}

/** A static member whose new process goes on where the old one was, and what that process is told of the group's leader. */
type MemberStored = { readonly memberId: string; readonly leaderId: string; readonly skipAssignment: boolean }

/** What a client is told. */
export type JoinAnswer = {
  readonly error: ErrorName
  readonly memberId: string
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leaderId: string
  readonly skipAssignment: boolean
  /** For the leader: everybody, with what they said. */
  readonly members: readonly (MemberIdentity & { readonly metadata: Buffer })[]
}
export type SyncAnswer = {
  readonly error: ErrorName
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}
export type LeaveAnswer = {
  readonly error: ErrorName
  readonly members: readonly (MemberIdentity & { readonly error: ErrorName })[]
}

export type Answers = {
  join: JoinAnswer
  sync: SyncAnswer
  leave: LeaveAnswer
  /** Heartbeat, commit and delete: an error or none. */
  verdict: ErrorName
}
export type Answer = { [K in keyof Answers]: { readonly to: K; readonly answer: Answers[K] } }[keyof Answers]

export type GroupTimer =
  | { readonly of: 'session'; readonly memberId: string }
  | { readonly of: 'join' }
  | { readonly of: 'sync' }

/** What is to be done outside; carried out in order. */
export type Effect =
  | ({ readonly type: 'reply'; readonly ticket: number } & Answer)
  /** Starts the timer, or starts it anew; at its end its event happens (sessionExpired, joinDeadline, syncDeadline). */
  | { readonly type: 'arm'; readonly timer: GroupTimer; readonly afterMs: number }
  | { readonly type: 'disarm'; readonly timer: GroupTimer }
  /** Stores `state`; when that is durable or has failed, `next` happens with the error filled in. */
  | { readonly type: 'store'; readonly state: GroupStateV1; readonly next: AfterStore | undefined }
  | { readonly type: 'log'; readonly message: string; readonly fields: Record<string, unknown> }
  | { readonly type: 'count'; readonly what: 'rebalance' | 'expiredMember' }

export type AfterStore =
  | { readonly type: 'assignmentStored'; readonly generationId: number }
  | ({ readonly type: 'memberStored' } & MemberStored)

/** One event being handled: the group it happens to, and the effects gathered so far. Deterministic: no clock, no chance. */
export type Turn = {
  readonly group: Group
  readonly settings: GroupSettings
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number
  readonly effects: Effect[]
}

export type Action<E extends EventName> = (turn: Turn, event: GroupEvent[E]) => void
