import type { FastifyInstance } from 'fastify'

/** Where the doors of the server are. */
export type Places = { readonly kafka: string; readonly metrics: string; readonly dataDirectory: string }

/** `/`: one small page that says where everything is. */
export function addHomePage(app: FastifyInstance, places: Places, version: string): void {
  app.get('/', (request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(render(places, version, request.host)),
  )
}

/** What can be tried at once: a heading, what it shows, and the commands. */
function examples(host: string): readonly (readonly [string, string, string])[] {
  const api = `http://${host}/api/v1`
  const session = `${api}/sessions/first`
  return [
    [
      'Send events',
      'They are <a href="/traces">a trace</a> some seconds later; the first time the database is made too.',
      `echo '{"trace_id": "task-1", "event_type": "task.created", "metadata": {"title": "Water it"}}
{"trace_id": "task-1", "event_type": "task.started", "source": "gardener"}
{"trace_id": "task-1", "event_type": "task.completed"}' |
  curl --data-binary @- -H 'content-type: application/x-ndjson' ${api}/events`,
    ],
    [
      'Seal a chunk',
      'The first chunk begins a session; what is sealed can be read back, and proved.',
      `echo hello | curl -T - -H 'content-type: application/octet-stream' ${session}/chunks/0
curl -X POST ${session}/finalize
curl ${session}/chunks/0/proof`,
    ],
  ]
}

function render({ kafka, metrics, dataDirectory }: Places, version: string, host: string): string {
  const rows = [
    ['Kafka clients', `<code>${escapeHtml(kafka)}</code>`],
    ['Health', '<a href="/health">/health</a>'],
    ['Topics', '<a href="/api/v1/topics">/api/v1/topics</a>'],
    ['Sessions', '<a href="/api/v1/sessions">/api/v1/sessions</a>'],
    ['Traces', '<a href="/traces">live, as a page</a>, and as JSON: <a href="/api/v1/traces">/api/v1/traces</a>'],
    ['Agents today', '<a href="/api/v1/metrics/summary">/api/v1/metrics/summary</a>'],
    ['OpenTelemetry', `<code>OTEL_EXPORTER_OTLP_ENDPOINT=http://${escapeHtml(host)}</code>`],
    ['Settings', '<a href="/api/v1/config">/api/v1/config</a>'],
    ['The HTTP interface', '<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>'],
    ['Prometheus', `<a href="${escapeHtml(metrics)}">${escapeHtml(metrics)}</a>`],
    ['Data', `<code>${escapeHtml(dataDirectory)}</code>`],
  ]
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chronicle</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif }
  body { max-width: 48rem; margin: 4rem auto; padding: 0 1rem }
  th { text-align: left; padding-right: 1.5rem; font-weight: normal; white-space: nowrap; vertical-align: top; opacity: .7 }
  pre { white-space: pre-wrap; overflow-wrap: anywhere }
  td { overflow-wrap: anywhere }
</style>
<h1>Chronicle</h1>
<p>One record of everything that happened. Version ${escapeHtml(version)}.</p>
<table>
${rows.map(([name, value]) => `  <tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('\n')}
</table>
${examples(host)
  .map(
    ([title, shows, commands]) => `<h2>${title}</h2>\n<p>${shows}</p>\n<pre><code>${escapeHtml(commands)}</code></pre>`,
  )
  .join('\n')}
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
