/** How long after it was sent an event is on the API: some of those that are posted at a steady pace are looked for until they are there. */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

export type Pace = {
  readonly seconds: number
  readonly requestEveryMs: number
  readonly eventsPerRequest: number
  /** One event of each so many requests is looked for. */
  readonly requestsPerProbe: number
  readonly lookEveryMs: number
}

/** An event that is not there by then never comes. */
const visibleMsMax = 20_000

/** Milliseconds from the first byte of the request to the answer that has the event, of each that was looked for. */
export async function timesToVisible(httpPort: number, pace: Pace): Promise<number[]> {
  const api = `http://127.0.0.1:${httpPort}/api/v1/events`
  const looking: Promise<number>[] = []
  const started = performance.now()
  const requests = Math.ceil((pace.seconds * 1000) / pace.requestEveryMs)
  for (let request = 0; request < requests; request++) {
    await wait(Math.max(0, started + request * pace.requestEveryMs - performance.now()))
    const events = Array.from({ length: pace.eventsPerRequest }, event)
    const sentAt = performance.now()
    const posted = post(api, events)
    const isProbe = request % pace.requestsPerProbe === 0
    looking.push(isProbe ? posted.then(() => lookFor(api, events[0]!.trace_id, sentAt, pace)) : posted)
  }
  return (await Promise.all(looking)).filter(ms => ms !== unmeasured)
}

const unmeasured = -1

function event() {
  const metadata = { title: 'Index the archive', owner: 'kai', scoring_breakdown: { urgency: 0.4, fit: [1, 0.5] } }
  return { trace_id: randomUUID(), source: 'dispatch', event_type: 'task.created', metadata }
}

async function post(api: string, events: readonly object[]): Promise<number> {
  const body = JSON.stringify(events)
  const answer = await fetch(api, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  if (answer.status !== 202) throw new Error(`events were answered with ${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
  return unmeasured
}

async function lookFor(api: string, trace: string, sentAt: number, { lookEveryMs }: Pace): Promise<number> {
  for (;;) {
    const answer = await fetch(`${api}?trace_id=${trace}`)
    const text = await answer.text()
    const ms = performance.now() - sentAt
    if (answer.ok && text.includes(trace)) return ms
    if (ms > visibleMsMax) throw new Error(`an event is not on the API after ${visibleMsMax} ms: ${text.slice(0, 300)}`)
    await wait(lookEveryMs)
  }
}
