import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@chronicle/base'
import fc from 'fast-check'
import type { GroupEvent, JoinAnswer } from '../../src/groups/events.ts'
import { emptyGroup } from '../../src/groups/group.ts'
import { loadGroup } from '../../src/groups/stored-group.ts'
import { Driver, joinEvent, keyOf, rejoinEvent } from './driver.ts'

/**
 * Several clients, well behaved and not, of whom every third is static, against one group: joins, syncs, heartbeats, commits,
 * leaves, restarts, silence, and a disk that is slow and sometimes fails, in random order under simulated time. After every
 * step the invariants are checked against what clients were told.
 */
const clientCount = 6

type Client = {
  readonly instanceId: string | null
  memberId: string
  generationId: number
  leader: boolean
  members: string[]
}

class World {
  driver: Driver
  readonly clients: Client[]
  /** G1: who was told that it leads, by generation. */
  readonly leaders = new Map<number, string>()
  /** G3: what the leader of a generation gave, by generation and member. */
  readonly given = new Map<number, ReadonlyMap<string, Buffer>>()
  /** G3: generations whose assignments are durable. */
  readonly durable = new Set<number>()
  /** G4: ids that belong to processes which have been replaced. */
  readonly fenced = new Map<string, string>()
  /** Processes that were taken for dead and are not: they go on under their old id. */
  readonly ghosts: Client[] = []
  #ids = 0
  #generationSeen = 0
  /** G6: the largest generation that somebody received an assignment of. */
  #generationAnswered = 0

  constructor(random: ReturnType<typeof seededRandom>) {
    this.driver = new Driver({
      initialRebalanceDelayMs: random.int(2) * 500,
      newMemberJoinTimeoutMs: 60_000,
      membersPerGroupMax: 4,
    })
    this.clients = Array.from({ length: clientCount }, (_, at) => ({
      instanceId: at % 3 === 0 ? `instance-${at}` : null,
      ...{ memberId: '', generationId: -1, leader: false, members: [] },
    }))
  }

  step(random: ReturnType<typeof seededRandom>): void {
    const client = this.clients[random.int(clientCount)]!
    const choice = random.int(100)
    if (choice < 25) this.join(client, random)
    else if (choice < 45) this.sync(client, random)
    else if (choice < 60) this.heartbeat(client)
    else if (choice < 70) this.commit(client)
    else if (choice < 74) this.leave(client)
    else if (choice < 78) this.restart(client)
    else if (choice < 82) this.haunt(random)
    else if (choice === 82) this.crash(random)
    else if (choice < 90) this.driver.advance(random.int(random.int(5) === 0 ? 30_000 : 2_000))
    else if (this.driver.stores.length > 0) this.finishStore(random.int(6) === 0)
    this.check()
  }

  join(client: Client, random: ReturnType<typeof seededRandom>): void {
    const { driver } = this
    const names = random.int(5) === 0 ? ['sticky', 'range'] : ['range']
    const metadata = Buffer.from(`topics ${random.int(2)}`)
    const said = {
      instanceId: client.instanceId,
      sessionTimeoutMs: 6_000 + random.int(3) * 7_000,
      rebalanceTimeoutMs: random.int(3) * 8_000,
      protocols: names.map(name => ({ name, metadata })),
    }
    const newMemberId = `m${++this.#ids}`
    if (client.memberId === '') {
      const former = client.instanceId === null ? undefined : driver.group.staticMembers.get(client.instanceId)
      const wishes = {
        newMemberId,
        memberIdRequired: random.int(2) === 0,
        skipAssignmentSupported: random.int(2) === 0,
      }
      const event = joinEvent(driver, { ...said, ...wishes })
      this.hear(event.ticket, client)
      driver.send('join', event)
      if (former !== undefined && driver.group.staticMembers.get(client.instanceId!) === newMemberId) {
        this.fenced.set(former, client.instanceId!)
      }
    } else {
      const event = rejoinEvent(driver, { ...said, memberId: client.memberId })
      this.hear(event.ticket, client)
      driver.send('rejoin', event)
    }
  }

  /** G6: static members that were told to go on with a stable generation, by instance id. */
  readonly #goesOn = new Map<string, { memberId: string; generationId: number }>()
  readonly #hearing = new Map<number, (answer: JoinAnswer) => void>()

  /** What the client makes of the answer to its JoinGroup. */
  hear(ticket: number, client: Client): void {
    this.#hearing.set(ticket, answer => {
      if (answer.error === 'MEMBER_ID_REQUIRED') client.memberId = answer.memberId
      else if (answer.error === 'NONE') {
        const leads = answer.leaderId === answer.memberId
        Object.assign(client, {
          memberId: answer.memberId,
          generationId: answer.generationId,
          leader: leads && !answer.skipAssignment,
        })
        client.members = answer.members.map(({ memberId }) => memberId)
        this.told(answer)
        if (client.instanceId !== null && this.driver.group.state === 'Stable')
          this.#goesOn.set(client.instanceId, answer)
      } else if (answer.error !== 'REBALANCE_IN_PROGRESS') forget(client)
    })
    this.driver.onAnswer = (answered, answer) => {
      if (answer.to === 'join') this.#hearing.get(answered)?.(answer.answer)
    }
  }

  told(answer: JoinAnswer): void {
    if (answer.members.length === 0) return
    assert.equal(answer.memberId, answer.leaderId, 'G1: only a leader learns who is in the group')
    assert(
      answer.members.some(({ memberId }) => memberId === answer.leaderId),
      'G1: the leader is a member',
    )
    if (answer.skipAssignment) return
    const before = this.leaders.get(answer.generationId)
    assert(before === undefined || before === answer.leaderId, 'G1: one leader a generation')
    this.leaders.set(answer.generationId, answer.leaderId)
  }

  sync(client: Client, random: ReturnType<typeof seededRandom>): void {
    const { driver } = this
    // Some ask for a generation that is over, or that never was.
    const generationId = client.generationId + (random.int(10) === 0 ? random.int(3) - 1 : 0)
    const { memberId, instanceId } = client
    const leads = client.leader && generationId === client.generationId
    const assignments = new Map(
      leads ? client.members.map(id => [id, Buffer.from(`${generationId} ${memberId} ${id} ${random.int(1000)}`)]) : [],
    )
    const event: GroupEvent['sync'] = {
      ...{ ticket: driver.ticket(), memberId, instanceId, generationId, assignments },
      ...{ protocolType: 'consumer', protocolName: null },
    }
    const mayGive = driver.group.state === 'CompletingRebalance' && driver.group.proposal === undefined
    const isLeader = driver.group.leaderId === memberId && driver.group.generationId === generationId
    driver.send('sync', event)
    if (mayGive && isLeader && driver.group.proposal !== undefined) this.given.set(generationId, assignments)
    this.#syncs.push({ ticket: event.ticket, memberId, generationId })
    this.refusesFenced(driver.open.has(event.ticket) ? undefined : driver.answered(event.ticket, 'sync').error, client)
  }

  readonly #syncs: { ticket: number; memberId: string; generationId: number }[] = []

  heartbeat({ memberId, instanceId, generationId }: Client): void {
    const ticket = this.driver.ticket()
    this.driver.send('heartbeat', { ticket, memberId, instanceId, generationId })
    const verdict = this.driver.answered(ticket, 'verdict')
    const { group } = this.driver
    const current = group.members.has(memberId) && group.generationId === generationId
    assert.equal(
      verdict === 'NONE' || verdict === 'REBALANCE_IN_PROGRESS',
      current,
      `heartbeat was answered ${verdict}`,
    )
    this.refusesFenced(verdict, { memberId, instanceId })
  }

  commit({ memberId, instanceId, generationId }: Client): void {
    const ticket = this.driver.ticket()
    this.driver.send('commit', { ticket, memberId, instanceId, generationId })
    const verdict = this.driver.answered(ticket, 'verdict')
    this.refusesFenced(verdict, { memberId, instanceId })
    if (verdict !== 'NONE') return
    const { group } = this.driver
    if (group.state === 'Empty') assert(generationId < 0, 'G8: an empty group takes commits from outside only')
    else {
      assert(group.members.has(memberId), 'G8: only members commit')
      assert.equal(generationId, group.generationId, 'G8: only the current generation commits')
    }
  }

  leave(client: Client): void {
    const { memberId, instanceId } = client
    const ticket = this.driver.ticket()
    this.driver.send('leave', { ticket, members: [{ memberId, instanceId, reason: null }] })
    if (this.driver.answered(ticket, 'leave').members[0]!.error === 'NONE') forget(client)
  }

  /** The broker is gone in the middle of whatever it did, and comes back with what was durable. Nobody who waited is answered. */
  crash(random: ReturnType<typeof seededRandom>): void {
    while (this.driver.stores.length > 0 && random.int(2) === 0) this.finishStore(false)
    const { settings, durable } = this.driver
    const last = durable.at(-1)
    const group = last ? loadGroup('g', JSON.parse(JSON.stringify(last))) : emptyGroup('g', 0)
    assert(group.generationId >= this.#generationAnswered, 'G6: what was answered survives')
    for (const [instanceId, { memberId, generationId }] of this.#goesOn) {
      if (generationId !== group.generationId) continue
      assert(ageOf(group.staticMembers.get(instanceId)) >= ageOf(memberId), 'G6: who goes on is known after a crash')
    }
    this.driver = new Driver(settings, group)
    if (last) this.driver.durable.push(last)
    this.#hearing.clear()
    this.#syncs.length = 0
    this.#generationSeen = group.generationId
    // Generations and processes that nobody received an assignment of never were.
    for (const generations of [this.leaders, this.given]) {
      for (const generation of generations.keys()) if (generation > group.generationId) generations.delete(generation)
    }
    for (const [memberId, instanceId] of this.fenced) {
      if (group.staticMembers.get(instanceId) === memberId) this.fenced.delete(memberId)
    }
  }

  restart(client: Client): void {
    if (client.memberId !== '') this.ghosts.unshift({ ...client })
    this.ghosts.length = Math.min(this.ghosts.length, clientCount)
    forget(client)
  }

  haunt(random: ReturnType<typeof seededRandom>): void {
    const ghost = this.ghosts[random.int(clientCount)]
    if (!ghost) return
    const choice = random.int(3)
    if (choice === 0) this.heartbeat(ghost)
    else if (choice === 1) this.commit(ghost)
    else this.sync(ghost, random)
  }

  finishStore(fails: boolean): void {
    const { next } = this.driver.stores[0]!
    if (next?.type === 'assignmentStored' && !fails) this.durable.add(next.generationId)
    this.driver.finishStore(fails ? 'NOT_COORDINATOR' : 'NONE')
  }

  /** G4: a process that was replaced is told so whatever it does, as long as its successor is there. */
  refusesFenced(
    error: string | undefined,
    { memberId, instanceId }: { memberId: string; instanceId: string | null },
  ): void {
    if (instanceId === null || this.fenced.get(memberId) !== instanceId) return
    const successor = this.driver.group.staticMembers.has(instanceId)
    if (error !== undefined) assert.equal(error, successor ? 'FENCED_INSTANCE_ID' : 'UNKNOWN_MEMBER_ID', 'G4')
    else assert.fail('G4: a fenced process waits')
  }

  check(): void {
    const { group, timers, stores, open } = this.driver
    assert(group.generationId >= this.#generationSeen, 'G2: the generation never falls')
    this.#generationSeen = group.generationId
    if (group.members.size > 0)
      assert(group.leaderId !== null && group.members.has(group.leaderId), 'G1: the leader is a member')
    else assert(group.leaderId === null && group.staticMembers.size === 0)
    assert.equal(group.members.size === 0 && group.state !== 'PreparingRebalance', group.state === 'Empty')
    assert(group.members.size <= 8, 'members are bounded')
    const waiting = new Set<number>()
    for (const member of group.members.values()) {
      for (const ticket of [member.joinTicket, member.syncTicket]) if (ticket !== undefined) waiting.add(ticket)
      const waits = member.joinTicket !== undefined || member.syncTicket !== undefined
      const watched = timers.has(keyOf({ of: 'session', memberId: member.memberId }))
      const ends = timers.has('join') || timers.has('sync') || stores.length > 0
      assert(watched || (waits && ends), `G5: ${member.memberId} could stay for ever`)
      if (member.instanceId !== null) assert.equal(group.staticMembers.get(member.instanceId), member.memberId)
    }
    assert.deepEqual([...waiting].sort(), [...open].sort(), 'G5: every open request is kept by a member')
    for (const memberId of group.pendingSync) assert(group.members.has(memberId))
    for (const memberId of group.pendingJoin) assert(timers.has(keyOf({ of: 'session', memberId })), 'G5')
    if (group.state === 'CompletingRebalance') {
      assert.equal(this.leaders.get(group.generationId), group.leaderId, 'G1: the leader knows that it leads')
    }
    if (group.state === 'Stable') this.checkStable()
    this.checkSyncs()
  }

  /** G3: every member of a stable generation holds what the leader of that generation gave it. */
  checkStable(): void {
    const { group } = this.driver
    assert(this.durable.has(group.generationId), 'G3: a stable generation is durable')
    const given = this.given.get(group.generationId)!
    for (const [instanceId, memberId] of group.staticMembers) {
      // A static member that came back holds what its former process was given.
      if (!given.has(memberId)) assert([...this.fenced.values()].includes(instanceId), 'G3')
    }
    for (const { memberId, instanceId, assignment } of group.members.values()) {
      if (instanceId === null) assert.deepEqual(assignment, given.get(memberId), 'G3')
    }
  }

  /** G3: a SyncGroup that succeeded was answered what the leader gave in that generation, and after that was durable. */
  checkSyncs(): void {
    for (const { ticket, memberId, generationId } of this.#syncs.splice(0)) {
      if (this.driver.open.has(ticket)) {
        this.#syncs.push({ ticket, memberId, generationId })
        continue
      }
      const answer = this.driver.answered(ticket, 'sync')
      if (answer.error !== 'NONE') continue
      assert(this.durable.has(generationId), 'G3: nobody receives what is not durable')
      this.#generationAnswered = Math.max(this.#generationAnswered, generationId)
      const given = this.given.get(generationId)!
      const [generation, , receiver] = answer.assignment.toString().split(' ')
      assert.equal(Number(generation), generationId, 'G3: an assignment is of its generation')
      const wanted = given.get(memberId)
      if (wanted) assert.deepEqual(answer.assignment, wanted, 'G3')
      else assert(this.fenced.has(receiver!), 'G3: only a static member inherits an assignment')
    }
  }
}

/** Member ids are numbered in the order in which they were thought of. */
function ageOf(memberId: string | undefined): number {
  return Number(memberId?.slice(1) ?? -1)
}

function forget(client: Client): void {
  Object.assign(client, { memberId: '', generationId: -1, leader: false, members: [] })
}

test('G1 G2 G3 G4 G5 G6 G8: any interleaving of clients, time, disk and crashes keeps the invariants, and all waits end', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, steps) => {
      const random = seededRandom(seed)
      const world = new World(random)
      for (let step = 0; step < steps; step++) world.step(random)
      // All clients fall silent: whoever waits is answered, everybody expires, nothing keeps ticking.
      for (let round = 0; round < 20; round++) {
        world.driver.finishStores()
        world.driver.advance(60_000)
      }
      const { group, open, timers } = world.driver
      assert.equal(open.size, 0, 'G5: every wait has ended')
      assert.equal(timers.size, 0, 'no timer is left')
      assert.equal(group.state, 'Empty')
      assert.equal(group.pendingJoin.size, 0)
    }),
    { numRuns: 400 },
  )
})
