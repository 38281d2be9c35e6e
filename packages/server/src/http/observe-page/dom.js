/** An element. S33: what is given as text stays text, and nothing of an event is ever read as HTML. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children.filter(child => child !== undefined))
  return element
}

/** A row of a table; the class of each cell stands before its content. */
export function row(cell, ...cells) {
  return h('tr', {}, ...cells.map(([className, content]) => h(cell, { class: className }, content ?? '')))
}

/** What the server answers, or an error that says why and what to do. */
export async function ask(path) {
  const response = await fetch(`/api/v1${path}`)
  const body = await response.json()
  if (!response.ok && body.code !== undefined) throw new Error(`${body.title}. ${body.remedy}`)
  return body
}

const signs = { pending: '●', assigned: '●', in_progress: '●', completed: '✓', failed: '✗', timed_out: '!' }

export function statusOf({ status }) {
  return h('span', { class: `status ${status}` }, `${signs[status] ?? ''} ${status}`)
}

/** A time span in words; nothing where there is none. */
export function took(ms) {
  if (ms === null) return ''
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.round(ms / 60_000)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `11-21 13:05:07` of a time in RFC 3339, UTC. */
export function shortTime(time) {
  return time === null ? '' : time.slice(5, 19).replace('T', ' ')
}
