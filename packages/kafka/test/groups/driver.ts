import assert from 'node:assert/strict'
import type { ErrorName } from '../../src/error-codes.ts'
import type {
  AfterStore,
  Answer,
  Answers,
  Effect,
  EventName,
  GroupEvent,
  GroupTimer,
  JoinAnswer,
  SyncAnswer,
} from '../../src/groups/events.ts'
import { emptyGroup, type Group } from '../../src/groups/group.ts'
import { defaultGroupSettings, type GroupSettings } from '../../src/groups/settings.ts'
import type { GroupStateV1 } from '../../src/groups/stored-group.ts'
import { happen } from '../../src/groups/table.ts'
import { renewSession } from '../../src/groups/turn.ts'

export type PendingStore = { readonly state: GroupStateV1; readonly next: AfterStore | undefined }

/** One group with simulated time and a simulated disk: the pure machine as the coordinator drives it, without I/O. */
export class Driver {
  readonly group: Group
  readonly settings: GroupSettings
  nowMs = 1_000_000
  readonly timers = new Map<string, { timer: GroupTimer; atMs: number; order: number }>()
  /** Writes that the disk has not done yet, in order. */
  readonly stores: PendingStore[] = []
  readonly durable: GroupStateV1[] = []
  readonly answers = new Map<number, Answer>()
  readonly open = new Set<number>()
  /** Called with each answer, at the moment it is given. */
  onAnswer: (ticket: number, answer: Answer) => void = () => undefined
  #lastTicket = 0
  #order = 0

  constructor(settings: Partial<GroupSettings> = {}, group: Group = emptyGroup('g', 1_000_000)) {
    this.settings = { ...defaultGroupSettings, ...settings }
    this.group = group
    // A group that was loaded: every session begins anew.
    const effects: Effect[] = []
    const turn = { group, settings: this.settings, nowMs: this.nowMs, effects }
    for (const member of group.members.values()) renewSession(turn, member)
    for (const effect of effects) this.#perform(effect)
  }

  ticket(): number {
    const ticket = ++this.#lastTicket
    this.open.add(ticket)
    return ticket
  }

  send<E extends EventName>(name: E, event: GroupEvent[E]): Effect[] {
    const effects: Effect[] = []
    happen({ group: this.group, settings: this.settings, nowMs: this.nowMs, effects }, name, event)
    for (const effect of effects) this.#perform(effect)
    return effects
  }

  /** The oldest write becomes durable, or fails. */
  finishStore(error: ErrorName = 'NONE'): void {
    const store = this.stores.shift()
    assert(store, 'a write must be under way')
    if (error === 'NONE') this.durable.push(store.state)
    if (store.next?.type === 'assignmentStored') this.send('assignmentStored', { ...store.next, error })
    else if (store.next) this.send('memberStored', { ...store.next, error })
  }

  finishStores(): void {
    while (this.stores.length > 0) this.finishStore()
  }

  /** Lets time pass; timers ring in order. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms
    for (;;) {
      const next = [...this.timers.entries()]
        .filter(([, { atMs }]) => atMs <= untilMs)
        .sort(([, a], [, b]) => a.atMs - b.atMs || a.order - b.order)[0]
      if (!next) break
      const [key, { timer, atMs }] = next
      this.timers.delete(key)
      this.nowMs = Math.max(this.nowMs, atMs)
      if (timer.of === 'session') this.send('sessionExpired', { memberId: timer.memberId })
      else this.send(timer.of === 'join' ? 'joinDeadline' : 'syncDeadline', {})
    }
    this.nowMs = untilMs
  }

  answered<K extends keyof Answers>(ticket: number, kind: K): Answers[K] {
    const answer = this.answers.get(ticket)
    assert(answer, `ticket ${ticket} must have been answered`)
    assert.equal(answer.to, kind)
    return answer.answer as Answers[K]
  }

  #perform(effect: Effect): void {
    if (effect.type === 'reply') {
      const { ticket } = effect
      assert(this.open.delete(ticket), `G5: ticket ${ticket} was answered twice or never asked`)
      this.answers.set(ticket, effect)
      this.onAnswer(ticket, effect)
    } else if (effect.type === 'arm') {
      const { timer, afterMs } = effect
      assert(Number.isSafeInteger(afterMs) && afterMs >= 0 && afterMs < 2 ** 31, `timer after ${afterMs} ms`)
      this.timers.set(keyOf(timer), { timer, atMs: this.nowMs + afterMs, order: this.#order++ })
    } else if (effect.type === 'disarm') this.timers.delete(keyOf(effect.timer))
    // What is stored is JSON: as it is now, not as the group will be.
    else if (effect.type === 'store') this.stores.push(structuredClone(effect))
  }
}

export function keyOf(timer: GroupTimer): string {
  return timer.of === 'session' ? `session ${timer.memberId}` : timer.of
}

export type JoinWishes = Partial<GroupEvent['join']> & { readonly newMemberId: string }

/** A JoinGroup without a member id, as a consumer sends it. */
export function joinEvent(driver: Driver, wishes: JoinWishes): GroupEvent['join'] {
  return { ...joinFields, memberIdRequired: false, skipAssignmentSupported: true, ticket: driver.ticket(), ...wishes }
}

export function rejoinEvent(
  driver: Driver,
  wishes: Partial<GroupEvent['rejoin']> & { readonly memberId: string },
): GroupEvent['rejoin'] {
  return { ...joinFields, ticket: driver.ticket(), ...wishes }
}

const joinFields = {
  instanceId: null,
  clientId: 'client',
  clientHost: '/127.0.0.1',
  rebalanceTimeoutMs: 60_000,
  sessionTimeoutMs: 10_000,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Buffer.from('topics') }],
  reason: null,
}

export function join(driver: Driver, wishes: JoinWishes): number {
  const event = joinEvent(driver, wishes)
  driver.send('join', event)
  return event.ticket
}

export function rejoin(driver: Driver, wishes: Partial<GroupEvent['rejoin']> & { readonly memberId: string }): number {
  const event = rejoinEvent(driver, wishes)
  driver.send('rejoin', event)
  return event.ticket
}

export function sync(driver: Driver, wishes: Partial<GroupEvent['sync']> & { readonly memberId: string }): number {
  const event = {
    ticket: driver.ticket(),
    ...{ instanceId: null, generationId: driver.group.generationId, protocolType: null, protocolName: null },
    ...{ assignments: new Map<string, Buffer>(), ...wishes },
  }
  driver.send('sync', event)
  return event.ticket
}

type OfGeneration = { readonly memberId: string; readonly instanceId?: string | null; readonly generationId?: number }

export function beat(driver: Driver, wishes: OfGeneration): ErrorName {
  const event = { ticket: driver.ticket(), instanceId: null, generationId: driver.group.generationId, ...wishes }
  driver.send('heartbeat', event)
  return driver.answered(event.ticket, 'verdict')
}

export function commit(driver: Driver, wishes: OfGeneration): ErrorName {
  const event = { ticket: driver.ticket(), instanceId: null, generationId: driver.group.generationId, ...wishes }
  driver.send('commit', event)
  return driver.answered(event.ticket, 'verdict')
}

export function leave(driver: Driver, ...members: { memberId: string; instanceId?: string | null }[]): ErrorName[] {
  const event = {
    ticket: driver.ticket(),
    members: members.map(each => ({ instanceId: null, reason: null, ...each })),
  }
  driver.send('leave', event)
  const { error, members: each } = driver.answered(event.ticket, 'leave')
  return error === 'NONE' ? each.map(member => member.error) : [error]
}

export function remove(driver: Driver): ErrorName {
  const ticket = driver.ticket()
  driver.send('delete', { ticket })
  return driver.answered(ticket, 'verdict')
}

export function joined(driver: Driver, ticket: number): JoinAnswer {
  return driver.answered(ticket, 'join')
}

export function synced(driver: Driver, ticket: number): SyncAnswer {
  return driver.answered(ticket, 'sync')
}

/** A driver whose group has these members (instance id behind a colon, where there is one), in the state asked for. */
export function groupIn(
  state: 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Empty' | 'Dead',
  members: readonly string[] = ['a', 'b'],
  settings: Partial<GroupSettings> = {},
): Driver {
  const driver = new Driver(settings)
  if (state === 'Dead') {
    remove(driver)
    return driver
  }
  for (const member of members) {
    const [newMemberId, instanceId = null] = member.split(':') as [string, string?]
    join(driver, { newMemberId, instanceId })
  }
  driver.advance(driver.settings.initialRebalanceDelayMs * 2)
  if (state === 'CompletingRebalance') return driver
  const assignments = new Map([...driver.group.members.keys()].map(id => [id, Buffer.from(`for ${id}`)]))
  for (const memberId of [...driver.group.members.keys()]) sync(driver, { memberId, assignments })
  driver.finishStores()
  if (state === 'PreparingRebalance') rejoin(driver, { memberId: driver.group.leaderId ?? '' })
  if (state === 'Empty') {
    leave(driver, ...[...driver.group.members.keys()].map(memberId => ({ memberId })))
    driver.finishStores()
  }
  assert.equal(driver.group.state, state)
  return driver
}
