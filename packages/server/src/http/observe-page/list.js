import { ask, h, row, shortTime, statusOf, took } from './dom.js'

const statuses = ['pending', 'assigned', 'in_progress', 'completed', 'failed', 'timed_out']
const pageRows = 50
const shownMax = 1000

/** The newest traces. `search` holds what narrows the list, and how many are shown. */
export async function listView(search) {
  const limit = Math.min(shownMax, Number(search.get('limit')) || pageRows)
  const query = new URLSearchParams({ limit })
  for (const name of ['status', 'agent']) if (search.has(name)) query.set(name, search.get(name))
  const traces = await ask(`/traces?${query}`)
  return [choices(search), ...tableOf(traces, search), ...more(traces.length, limit, search)]
}

function choices(search) {
  const choice = status => {
    const isChosen = (search.get('status') ?? 'all') === status
    const href = addressOf(search, { status: status === 'all' ? undefined : status })
    return h('a', { href, ...(isChosen && { 'aria-current': 'true' }) }, status)
  }
  const agent = search.get('agent')
  const ofAgent =
    agent === null
      ? []
      : ['agent ', agent, ' ', h('a', { href: addressOf(search, { agent: undefined }) }, 'all agents')]
  return h('nav', { class: 'choices', 'aria-label': 'Status' }, ...['all', ...statuses].map(choice), ...ofAgent)
}

function tableOf(traces, search) {
  if (traces.length === 0) {
    const isNarrowed = search.has('status') || search.has('agent')
    return [
      h(
        'p',
        {},
        isNarrowed
          ? 'No such traces.'
          : 'No traces yet: a trace begins with its first event. The first page of this server has one to send.',
      ),
    ]
  }
  const head = row(
    'th',
    ['', 'Trace'],
    ['', 'Status'],
    ['wide', 'Agent'],
    ['wide', 'Started (UTC)'],
    ['number', 'Took'],
    ['number wide', 'Events'],
  )
  return [h('table', {}, h('thead', {}, head), h('tbody', {}, ...traces.map(rowOf)))]
}

function rowOf(trace) {
  const name = h('a', { href: `#/trace/${encodeURIComponent(trace.trace_id)}` }, trace.task_title || trace.trace_id)
  return row(
    'td',
    ['', name],
    ['', statusOf(trace)],
    ['wide agent', trace.assigned_agent],
    ['wide time', shortTime(trace.started_at)],
    ['number', took(trace.duration_ms)],
    ['number wide', String(trace.span_count)],
  )
}

function more(count, limit, search) {
  if (count < limit) return []
  if (limit >= shownMax)
    return [h('p', { class: 'quiet' }, `These are the newest ${shownMax}; narrow the list to see others.`)]
  return [h('p', {}, h('a', { href: addressOf(search, { limit: limit + pageRows }) }, 'More'))]
}

function addressOf(search, changes) {
  const next = new URLSearchParams(search)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) next.delete(name)
    else next.set(name, value)
  }
  return `#/?${next}`
}

/** Every agent of the day (UTC). */
export async function agentsView() {
  const agents = await ask('/metrics/summary')
  if (agents.length === 0) return [h('p', {}, 'No agent has ended a task or sent a heartbeat today (UTC).')]
  const head = row(
    'th',
    ['', 'Agent'],
    ['number', 'Done'],
    ['number', 'Failed'],
    ['number', 'Timed out'],
    ['number wide', 'Average'],
    ['number', 'p95'],
    ['number wide', 'Busy'],
  )
  const rows = agents.map(agent =>
    row(
      'td',
      ['', h('a', { href: addressOf(new URLSearchParams(), { agent: agent.agent_id }) }, agent.agent_id)],
      ['number', String(agent.tasks_completed)],
      ['number', String(agent.tasks_failed)],
      ['number', String(agent.tasks_timed_out)],
      ['number wide', took(agent.avg_duration_ms)],
      ['number', took(agent.p95_duration_ms)],
      ['number wide', agent.utilization_pct === null ? '' : `${Math.round(agent.utilization_pct)} %`],
    ),
  )
  return [h('table', {}, h('thead', {}, head), h('tbody', {}, ...rows))]
}
