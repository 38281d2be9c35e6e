/** Which view is shown, and its being live: the address after `#` says which, and events of the stream have it made anew. */
import { ask, h } from './dom.js'
import { agentsView, listView } from './list.js'
import { traceView } from './trace.js'

const refreshMs = 1000
const healthMs = 5000

/** By `EventSource.readyState`; what is closed has been refused, and does not try again by itself. */
const streamWords = ['connecting', 'live', 'not live: reload the page']

const main = document.querySelector('main')
const health = document.querySelector('#health')
let stream
let again

/** The view that the address names: its content, and which events change it. */
function viewOf({ pathname, searchParams }) {
  if (pathname === '/agents') return { content: agentsView, events: 'event_type=task.*' }
  const id = /^\/trace\/(.+)$/.exec(pathname)?.[1]
  if (id === undefined) return { content: () => listView(searchParams), events: 'event_type=task.*' }
  const trace = decodeURIComponent(id)
  return { content: () => traceView(trace), events: `trace_id=${encodeURIComponent(trace)}` }
}

function open() {
  const address = new URL(location.hash.slice(1) || '/', location.origin)
  const view = viewOf(address)
  for (const link of document.querySelectorAll('header nav a')) {
    link.toggleAttribute('aria-current', (link.hash === '#/agents') === (address.pathname === '/agents'))
  }
  stream?.close()
  main.replaceChildren(h('p', { class: 'quiet' }, 'Asking the server…'))
  void show(view)
  follow(view)
}

/** One answer at a time: what changes meanwhile is shown by the next one. */
async function show(view) {
  const focused = document.activeElement?.getAttribute('href')
  let content
  again = undefined
  try {
    content = await view.content()
  } catch (error) {
    content = [h('p', { class: 'error' }, String(error.message))]
    // Asked again with the next look at the health: the database may be about to open, or to come back.
    again = () => show(view)
  }
  if (view.stream !== stream) return
  main.replaceChildren(...content)
  if (focused) [...main.querySelectorAll('a')].find(link => link.getAttribute('href') === focused)?.focus()
}

function follow(view) {
  stream = new EventSource(`/api/v1/events/stream?${view.events}`)
  view.stream = stream
  let isStale = false
  let isWaiting = false
  const refresh = () => {
    isStale = true
    if (isWaiting) return
    isWaiting = true
    setTimeout(() => {
      isWaiting = false
      if (document.hidden) return
      isStale = false
      if (view.stream === stream) void show(view)
    }, refreshMs)
  }
  stream.onmessage = refresh
  stream.addEventListener('gap', refresh)
  // What came before the stream began, or while it was away.
  stream.onopen = () => {
    refresh()
    void look()
  }
  stream.onerror = look
  document.onvisibilitychange = () => isStale && refresh()
}

async function look() {
  if (document.hidden) return
  void again?.()
  const words = { pass: 'All is well', warn: 'Something needs a look', fail: 'It does not serve' }
  try {
    const { status, buffer_size: waiting, alerts, database } = await ask('/health')
    const details = [
      waiting > 0 && `${waiting} events wait for the tables`,
      database.state === 'opening' && 'the database is being opened, which takes some seconds the first time',
      ...alerts.map(({ name }) => name),
    ]
    health.className = status
    health.textContent = [words[status], ...details.filter(Boolean), streamWords[stream.readyState]].join(' · ')
  } catch {
    health.className = 'fail'
    health.textContent = 'The server does not answer'
  }
}

addEventListener('hashchange', open)
open()
void look()
setInterval(look, healthMs)
