import type { Draw } from './draw.ts'
import type { SwarmOptions } from './options.ts'
import type { Member, Step } from './task-life.ts'

/** An agent stays awake or asleep for so long. */
const wakeMs = [20 * 60_000, 180 * 60_000] as const
const sleepMs = [60_000, 40 * 60_000] as const

/** What an agent says of itself: that it is there, wakes, lives, sleeps. All of it in a trace of its own. */
export function agentLife(draw: Draw, agent: Member, options: SwarmOptions): Step[] {
  const { startMs, hours, heartbeatEveryMs } = options
  const endMs = startMs + hours * 3_600_000
  const steps: Step[] = []
  const traceId = `life-of-${agent.name}`
  const say = (atMs: number, eventType: string, metadata: Step['metadata'] = {}): void => {
    steps.push({ atMs, sender: agent, traceId, eventType, metadata })
  }
  let nowMs = startMs + draw.between(0, heartbeatEveryMs)
  say(nowMs, 'agent.registered', { version: `1.${draw.between(0, 9)}`, skills: ['code', 'search'] })
  while (nowMs < endMs) {
    say(nowMs, 'agent.wake')
    const sleepsAtMs = Math.min(endMs, nowMs + draw.longTail(...wakeMs))
    for (nowMs += heartbeatEveryMs; nowMs < sleepsAtMs; nowMs += heartbeatEveryMs) {
      say(nowMs, 'agent.heartbeat', heartbeat(draw, heartbeatEveryMs))
      if (draw.chance(0.002)) say(nowMs, 'system.error', { message: 'disk is slow' })
      if (draw.chance(0.002)) steps.push(deadLetter(draw, steps.at(-1)!))
    }
    say(sleepsAtMs, 'agent.sleep')
    nowMs = sleepsAtMs + draw.longTail(...sleepMs)
  }
  return steps
}

/** Each reports the time since the one before. A few report what is no time. */
function heartbeat(draw: Draw, everyMs: number): Step['metadata'] {
  const busy_ms = draw.between(0, everyMs)
  const odd = draw.between(1, 400)
  if (odd === 1) return { uptime_ms: String(everyMs), busy_ms }
  if (odd === 2) return { uptime_ms: everyMs, busy_ms: -busy_ms - 1 }
  if (odd === 3) return { uptime_ms: everyMs }
  if (odd === 4) return { uptime_ms: everyMs + 0.25, busy_ms: busy_ms + 0.75 }
  return { uptime_ms: everyMs, busy_ms }
}

/** What could not be handled, sent to the swarm's own dead letters: as it was, or as an entry about it. */
function deadLetter(draw: Draw, step: Step): Step {
  if (draw.chance(0.5)) return { ...step, isDeadLetter: true }
  return { ...step, eventType: 'dlq.entry', metadata: { of: step.eventType }, isDeadLetter: true }
}
