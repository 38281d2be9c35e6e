import type { Draw } from './draw.ts'
import type { JsonObject } from './message.ts'

/** Who sends, and by how much its clock is ahead. */
export type Member = { readonly name: string; readonly skewMs: number }

/** One thing that a member says at a true time. */
export type Step = {
  readonly atMs: number
  readonly sender: Member
  readonly traceId: string
  readonly eventType: string
  readonly metadata: JsonObject
  readonly isDeadLetter?: boolean
}

/** Hands out the tasks. The clock that it runs on is the true one. */
export const dispatch: Member = { name: 'dispatch', skewMs: 0 }

/** An attempt beyond these is the last, however it goes. */
const attemptsMax = 4
const attemptMsMax = 20 * 60_000

/** What happens to one task: assigned, perhaps to one after the other, tried, perhaps again, and ended, perhaps twice. */
export function taskLife(draw: Draw, traceId: string, startMs: number, agents: readonly Member[]): Step[] {
  const life = new TaskLife(draw, traceId, startMs, agents)
  life.run()
  return life.steps
}

class TaskLife {
  readonly steps: Step[] = []
  readonly #draw: Draw
  readonly #traceId: string
  readonly #agents: readonly Member[]
  /** Everything happens within some milliseconds, much of it in the same one. */
  readonly #isHasty: boolean
  #nowMs: number
  #agent: Member

  constructor(draw: Draw, traceId: string, startMs: number, agents: readonly Member[]) {
    this.#draw = draw
    this.#traceId = traceId
    this.#nowMs = startMs
    this.#agents = agents
    this.#isHasty = draw.chance(0.05)
    this.#agent = draw.pick(agents)
  }

  run(): void {
    const draw = this.#draw
    this.#say(dispatch, 'task.created', creation(draw))
    if (draw.chance(0.01)) this.#say(dispatch, 'task.created', creation(draw))
    if (draw.chance(0.02)) {
      this.#wait(30_000, 300_000)
      this.#say(dispatch, 'task.timeout')
      return
    }
    // A third is assigned in the very millisecond of its creation.
    if (!draw.chance(0.33)) this.#wait(1, 5_000)
    this.#assign()
    if (draw.chance(0.01)) return
    if (draw.chance(0.06)) this.#reassign()
    for (let attempt = 1; this.#attempt(attempt); attempt++);
    if (draw.chance(0.02)) this.#speakAfterTheEnd()
  }

  /** One attempt. True when another one follows. */
  #attempt(attempt: number): boolean {
    const draw = this.#draw
    this.#wait(50, 30_000)
    this.#say(this.#agent, 'task.started')
    for (let spans = draw.between(0, 4); spans > 0; spans--) this.#work()
    this.#wait(200, attemptMsMax)
    const fate = draw.between(1, 1_000)
    if (attempt < attemptsMax && fate <= 40) return true
    if (attempt < attemptsMax && fate <= 70) {
      this.#reassign()
      return true
    }
    if (fate <= 100) return false
    if (fate <= 140) this.#say(dispatch, 'task.timeout')
    else if (fate <= 220) this.#fail()
    else this.#say(this.#agent, 'task.completed')
    return false
  }

  #work(): void {
    this.#wait(20, 20_000)
    const type = this.#draw.pick(['tool.call', 'llm.request', 'memory.write', 'task.progress', 'handoff'])
    this.#say(this.#agent, type, { tokens: this.#draw.between(0, 8_000), ok: this.#draw.chance(0.97) })
  }

  #assign(): void {
    this.#agent = this.#draw.pick(this.#agents)
    this.#say(dispatch, 'task.assigned', this.#draw.chance(0.99) ? { agent: this.#agent.name } : { agent: '' })
  }

  #reassign(): void {
    this.#wait(1_000, 120_000)
    this.#assign()
  }

  #fail(): void {
    const errors = ['tool exited with 1', 'context is full', 'rate limited — 429', 'ошибка: "нет"']
    const error = this.#draw.chance(0.97) ? this.#draw.pick(errors) : { code: 7 }
    this.#say(this.#agent, 'task.failed', { error })
    if (this.#draw.chance(0.3)) this.#say(dispatch, 'task.failed', { error: 'from the dead letters' }, true)
  }

  /** An agent that was given up reports after all, or a task is handed out again though it has ended. */
  #speakAfterTheEnd(): void {
    this.#wait(10, 600_000)
    const type = this.#draw.pick(['task.completed', 'task.failed', 'task.timeout', 'task.started', 'task.assigned'])
    if (type === 'task.assigned') this.#assign()
    else this.#say(this.#agent, type, type === 'task.failed' ? { error: 'too late' } : {})
  }

  #wait(leastMs: number, mostMs: number): void {
    this.#nowMs += this.#isHasty ? this.#draw.between(0, 2) : this.#draw.longTail(leastMs, mostMs)
  }

  #say(sender: Member, eventType: string, metadata: JsonObject = {}, isDeadLetter = false): void {
    this.steps.push({ atMs: this.#nowMs, sender, traceId: this.#traceId, eventType, metadata, isDeadLetter })
  }
}

/** Mostly everything that is read of a creation, sometimes less, sometimes of another type. */
function creation(draw: Draw): JsonObject {
  const title = `${draw.pick(['Review', 'Write', 'Test', 'Deploy', 'Übersetze'])} part ${draw.between(1, 9_999)}`
  const owner = draw.pick(['warren', 'scout', 'kai', 'ops'])
  const scoring_breakdown = { urgency: draw.between(0, 100) / 100, fit: [draw.between(0, 9), null, 'b'] }
  const odd = draw.between(1, 100)
  if (odd === 1) return {}
  if (odd === 2) return { title: 42, owner: ['warren'], scoring_breakdown: null }
  if (odd === 3) return { title: '', owner, scoring_breakdown: 0 }
  return { title, owner, scoring_breakdown }
}
