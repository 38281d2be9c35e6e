import { assert, type Clock, type Random, type Timer } from '@chronicle/base'
import { type Log, logErrors } from '@chronicle/log'
import type { Logger } from '@chronicle/telemetry'
import type { ErrorName } from '../error-codes.ts'
import type { AfterStore, Answer, Answers, Effect, EventName, GroupEvent, GroupTimer, Turn } from './events.ts'
import { emptyGroup, type Group, isUntouched } from './group.ts'
import type { GroupMetrics } from './metrics.ts'
import type { GroupSettings } from './settings.ts'
import { type GroupStateV1, generationOf, loadGroup } from './stored-group.ts'
import { happen } from './table.ts'
import { renewSession } from './turn.ts'

/** What clients ask, and the kind of answer that they get. */
type AnswerTo = {
  join: 'join'
  rejoin: 'join'
  sync: 'sync'
  leave: 'leave'
  heartbeat: 'verdict'
  commit: 'verdict'
  delete: 'verdict'
}
type Question = keyof AnswerTo

export type CoordinatorOptions = {
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly settings: GroupSettings
  readonly metrics: GroupMetrics
}

/** Holds every group, lets events happen to them and carries out what follows: answers, timers, writes. */
export class Coordinator {
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly settings: GroupSettings
  readonly #metrics: GroupMetrics
  readonly #groups = new Map<string, Group>()
  readonly #timers = new Map<Group, Map<string, Timer>>()
  /** Who waits for an answer, by ticket. No more than requests that the connections hold open. */
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  readonly #writes = new Set<Promise<unknown>>()
  #lastTicket = 0
  #sessions = 0
  #stopped = false

  constructor({ log, clock, random, logger, settings, metrics }: CoordinatorOptions) {
    this.log = log
    this.clock = clock
    this.random = random
    this.logger = logger
    this.settings = settings
    this.#metrics = metrics
    for (const { groupId } of log.groups()) this.#load(groupId)
  }

  /** The group, if there is one: in memory, or known to the log by its state or its offsets. */
  find(groupId: string): Group | undefined {
    if (this.#stopped) return { ...emptyGroup(groupId, this.clock.now()), state: 'Dead' }
    return this.#groups.get(groupId) ?? (this.#isStored(groupId) ? this.#load(groupId) : undefined)
  }

  /** The group, made if need be. Undefined when there are as many as there may be. */
  findOrCreate(groupId: string): Group | undefined {
    const found = this.find(groupId)
    if (found) return found
    if (Math.max(this.#groups.size, this.log.groupIds().size) >= this.settings.groupsMax) {
      this.logger.warn(
        { groupId, groupsMax: this.settings.groupsMax },
        'a new group is refused: there are as many as may be',
      )
      return undefined
    }
    const group = emptyGroup(groupId, this.clock.now())
    this.#groups.set(groupId, group)
    return group
  }

  groupIds(): Set<string> {
    return new Set([...this.#groups.keys(), ...this.log.groupIds()])
  }

  /** Members, and ids that were handed out, that are watched: whoever waits for an answer may be watched by that alone. */
  get sessions(): number {
    return this.#sessions
  }

  /** Those in memory: all that have members. */
  groups(): Iterable<Group> {
    return this.#groups.values()
  }

  /** Lets a client's question happen to the group. Resolves with the answer, at once or when the group has got so far (G5). */
  ask<Q extends Question>(
    group: Group,
    question: Q,
    event: (ticket: number) => GroupEvent[Q],
    kind: AnswerTo[Q],
  ): Promise<Answers[AnswerTo[Q]]> {
    const ticket = ++this.#lastTicket
    const { promise, resolve } = Promise.withResolvers<Answers[AnswerTo[Q]]>()
    this.#waiting.set(ticket, reply => {
      assert(reply.to === kind, `${question} must be answered with ${kind}`)
      resolve(reply.answer as Answers[AnswerTo[Q]])
    })
    this.#dispatch(group, question, event(ticket))
    return promise
  }

  /** Deletes a group that has no members, with its offsets. Resolves when that is durable. */
  async delete(groupId: string): Promise<ErrorName> {
    const group = this.find(groupId)
    if (!group) return 'GROUP_ID_NOT_FOUND'
    const verdict = await this.ask(group, 'delete', ticket => ({ ticket }), 'verdict')
    if (verdict !== 'NONE') return verdict
    const error = await this.write('delete the group', groupId, () => this.log.deleteGroup(groupId))
    if (this.#groups.get(groupId) !== group) return error
    if (error === 'NONE') this.#groups.delete(groupId)
    // Not what the log knows: that it is empty may be on its way there.
    else this.#groups.set(groupId, revived(group))
    return error
  }

  /** Runs a write of the log; `stop` waits for it. Resolves with the error that clients are to be told. */
  async write(what: string, groupId: string, run: () => Promise<unknown>): Promise<ErrorName> {
    const write = (async () => run())()
    this.#writes.add(write)
    try {
      await write
      return 'NONE'
    } catch (error) {
      this.logger.error({ error, groupId }, `could not ${what}`)
      return errorOfWrite(error)
    } finally {
      this.#writes.delete(write)
    }
  }

  /** Answers whoever waits and forgets all groups; nothing is stored, so that they go on after a restart (G6). */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const group of this.#groups.values()) this.#dispatch(group, 'unload', {})
    this.#groups.clear()
    await Promise.allSettled(this.#writes)
  }

  #dispatch<E extends EventName>(group: Group, name: E, event: GroupEvent[E]): void {
    const turn: Turn = { group, settings: this.settings, nowMs: this.clock.now(), effects: [] }
    happen(turn, name, event)
    for (const effect of turn.effects) this.#perform(group, effect)
    if (isUntouched(group)) this.#forgetUntouched(group)
  }

  #perform(group: Group, effect: Effect): void {
    if (effect.type === 'reply') this.#reply(effect.ticket, effect)
    else if (effect.type === 'arm') this.#arm(group, effect.timer, effect.afterMs)
    else if (effect.type === 'disarm') this.#disarm(group, effect.timer)
    else if (effect.type === 'store') void this.#store(group, effect.state, effect.next)
    else if (effect.type === 'count') this.#metrics.count(effect.what)
    else this.logger.info(effect.fields, effect.message)
  }

  #reply(ticket: number, answer: Answer): void {
    const waiting = this.#waiting.get(ticket)
    assert(waiting, `ticket ${ticket} must be answered once`)
    this.#waiting.delete(ticket)
    waiting(answer)
  }

  async #store(group: Group, state: GroupStateV1, next: AfterStore | undefined): Promise<void> {
    const { groupId } = group
    const refusal = await this.write('store the group', groupId, () => this.log.storeGroup({ groupId, state }))
    const error = refusal === 'MESSAGE_TOO_LARGE' ? 'UNKNOWN_SERVER_ERROR' : refusal
    if (next?.type === 'assignmentStored') this.#dispatch(group, 'assignmentStored', { ...next, error })
    else if (next) this.#dispatch(group, 'memberStored', { ...next, error })
  }

  #arm(group: Group, timer: GroupTimer, afterMs: number): void {
    this.#disarm(group, timer)
    let timers = this.#timers.get(group)
    if (!timers) this.#timers.set(group, (timers = new Map()))
    const ring = this.clock.after(afterMs, () => {
      this.#drop(group, timer)
      if (timer.of === 'session') this.#dispatch(group, 'sessionExpired', { memberId: timer.memberId })
      else this.#dispatch(group, timer.of === 'join' ? 'joinDeadline' : 'syncDeadline', {})
    })
    timers.set(keyOf(timer), ring)
    if (timer.of === 'session') this.#sessions++
  }

  #disarm(group: Group, timer: GroupTimer): void {
    this.#timers.get(group)?.get(keyOf(timer))?.cancel()
    this.#drop(group, timer)
  }

  #drop(group: Group, timer: GroupTimer): void {
    const timers = this.#timers.get(group)
    if (!timers?.delete(keyOf(timer))) return
    if (timer.of === 'session') this.#sessions--
    if (timers.size === 0) this.#timers.delete(group)
  }

  /** Somebody asked for a member id and never came back: as if nobody had asked. */
  #forgetUntouched(group: Group): void {
    const { groupId } = group
    if (this.#groups.get(groupId) === group && !this.#isStored(groupId)) this.#groups.delete(groupId)
  }

  #isStored(groupId: string): boolean {
    return this.log.storedGroup(groupId) !== undefined || this.log.committedOffsets(groupId).size > 0
  }

  /** G6: a group goes on where its last durable generation was; every session begins anew. */
  #load(groupId: string): Group {
    const group = this.#restore(groupId)
    this.#groups.set(groupId, group)
    const turn: Turn = { group, settings: this.settings, nowMs: this.clock.now(), effects: [] }
    for (const member of group.members.values()) renewSession(turn, member)
    for (const effect of turn.effects) this.#perform(group, effect)
    return group
  }

  #restore(groupId: string): Group {
    const stored = this.log.storedGroup(groupId)
    if (!stored) return emptyGroup(groupId, this.clock.now())
    try {
      return loadGroup(groupId, stored.state)
    } catch (error) {
      this.logger.error({ error, groupId }, 'the members of a group are lost: they join again by themselves')
      return { ...emptyGroup(groupId, this.clock.now()), generationId: generationOf(stored.state) }
    }
  }
}

/** The group as it was before it died: without members. */
function revived({ groupId, stateTimestampMs, generationId, protocolType }: Group): Group {
  return { ...emptyGroup(groupId, stateTimestampMs), generationId, protocolType }
}

function keyOf(timer: GroupTimer): string {
  return timer.of === 'session' ? `session ${timer.memberId}` : timer.of
}

/** What Kafka's coordinator answers when its own log refuses: clients look for the coordinator and try again, unless it is of no use. */
function errorOfWrite(error: unknown): ErrorName {
  if (!logErrors.is(error)) return 'UNKNOWN_SERVER_ERROR'
  if (error.code === 'log.storage' || error.code === 'log.closed') return 'NOT_COORDINATOR'
  if (error.code !== 'log.limit') return 'UNKNOWN_SERVER_ERROR'
  return error.details.limit === 'metadataEntryBytesMax' ? 'MESSAGE_TOO_LARGE' : 'COORDINATOR_NOT_AVAILABLE'
}
