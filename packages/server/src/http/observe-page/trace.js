import { ask, h, statusOf, took } from './dom.js'

const eventsMax = 1000

/** Events whose content is open, so that it stays so when more come. */
const opened = new Set()

/** One trace: what is known of it, and its events in time. */
export async function traceView(id) {
  const trace = await ask(`/traces/${encodeURIComponent(id)}?limit=${eventsMax}`)
  const scale = scaleOf(trace)
  const cut = trace.span_count > trace.spans.length
  return [
    h('h2', { class: 'name' }, trace.task_title || trace.trace_id),
    facts(trace),
    ...phases(trace, scale),
    ...trace.spans.map(event => eventRow(event, scale)),
    ...(cut
      ? [
          h(
            'p',
            { class: 'quiet' },
            `${trace.spans.length} of ${trace.span_count} events. chronicle observe trace shows those that are kept.`,
          ),
        ]
      : []),
  ]
}

function facts(trace) {
  const { error, owner, assigned_agent: agent, started_at: started, duration_ms: duration, out_of_order: late } = trace
  const pickup = trace.time_to_pickup_ms === null ? '' : `, picked up after ${took(trace.time_to_pickup_ms)}`
  const known = [
    ['Trace', trace.trace_id],
    ['Status', statusOf(trace)],
    ['Error', error && h('span', { class: 'error' }, error)],
    ['Agent', agent],
    ['Owner', owner],
    ['Started', started && `${started.slice(0, 23).replace('T', ' ')} UTC${pickup}`],
    ['Took', took(duration)],
    ['Events', `${trace.span_count}${late === 0 ? '' : `, ${late} out of order`}`],
  ]
  const given = known.filter(([, value]) => value)
  return h('dl', {}, ...given.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]))
}

/** From the first event to the end of the last; in microseconds, as times are. */
function scaleOf({ spans, first_event_at: first }) {
  const begin = micros(first)
  const ends = spans.map(event => micros(event.timestamp) + 1000 * (lengthOf(event) ?? 0))
  const end = ends.reduce((latest, each) => Math.max(latest, each), begin)
  return { begin, share: at => (end === begin ? 0 : (100 * (at - begin)) / (end - begin)) }
}

/** `2026-11-21T13:05:07.123456Z`. */
function micros(time) {
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26))
}

/** Milliseconds that a span of OpenTelemetry took; undefined for what is a moment. */
function lengthOf({ metadata }) {
  const ms = metadata.span?.duration_ms
  return typeof ms === 'number' && ms >= 0 ? ms : undefined
}

/** The name that a span of OpenTelemetry has besides its type. */
function spanName({ span }) {
  return typeof span?.name === 'string' ? span.name : ''
}

/** How long it waited and was worked on, by the columns of the trace. */
function phases(
  { status, first_event_at: first, started_at: started, completed_at: completed, last_event_at: last },
  scale,
) {
  const phase = (name, className, from, to) => {
    const ms = (micros(to) - micros(from)) / 1000
    return h(
      'div',
      { class: 'phase' },
      h('span'),
      h('span', {}, name),
      lane(scale, micros(from), ms, className),
      h('span', { class: 'number' }, took(ms)),
    )
  }
  if (started === null || started < first) return []
  return [phase('waiting', '', first, started), phase('work', status, started, completed ?? last)]
}

function lane({ share }, at, ms, className = '') {
  const bar = h('span', { class: ms === undefined ? 'bar point' : 'bar' })
  bar.style.left = `${share(at)}%`
  if (ms !== undefined) bar.style.width = `${share(at + 1000 * ms) - share(at)}%`
  return h('span', { class: `lane ${className}` }, bar)
}

const endings = { 'task.completed': 'completed', 'task.failed': 'failed', 'task.timeout': 'timed_out' }

function eventRow(event, scale) {
  const { event_id: id, event_type: type, source, metadata, timestamp } = event
  const ms = lengthOf(event)
  const name = h('span', { class: 'name' }, `${type} ${spanName(metadata)} `, h('span', { class: 'quiet' }, source))
  const after = took((micros(timestamp) - scale.begin) / 1000)
  const cells = [h('span', { class: 'number quiet' }, after), name, lane(scale, micros(timestamp), ms)]
  const summary = h('summary', {}, ...cells, h('span', { class: 'number quiet' }, ms === undefined ? '' : took(ms)))
  const isError = metadata.span?.is_error === true || type === 'system.error'
  const details = h('details', { class: `event ${isError ? 'failed' : (endings[type] ?? '')}` }, summary)
  const show = () => details.append(h('pre', {}, JSON.stringify({ event_id: id, timestamp, metadata }, null, 2)))
  if (opened.has(id)) {
    details.open = true
    show()
  }
  // Made when somebody looks: metadata may be large.
  details.addEventListener('toggle', () => {
    if (!details.open) opened.delete(id)
    else if (!opened.has(id)) {
      opened.add(id)
      show()
    }
    if (!details.open) details.querySelector('pre')?.remove()
  })
  return details
}
