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

function example(host: string): string {
  const session = `http://${host}/api/v1/sessions/first`
  return `echo hello | curl -T - -H 'content-type: application/octet-stream' ${session}/chunks/0
curl -X POST ${session}/finalize
curl ${session}/chunks/0/proof`
}

function render({ kafka, metrics, dataDirectory }: Places, version: string, host: string): string {
  const rows = [
    ['Kafka clients', `<code>${escapeHtml(kafka)}</code>`],
    ['Health', '<a href="/health">/health</a>'],
    ['Topics', '<a href="/api/v1/topics">/api/v1/topics</a>'],
    ['Sessions', '<a href="/api/v1/sessions">/api/v1/sessions</a>'],
    ['Traces', '<a href="/api/v1/traces">/api/v1/traces</a>'],
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
  body { max-width: 42rem; margin: 4rem auto; padding: 0 1rem }
  th { text-align: left; padding-right: 2rem; font-weight: normal; opacity: .7 }
</style>
<h1>Chronicle</h1>
<p>One record of everything that happened. Version ${escapeHtml(version)}.</p>
<table>
${rows.map(([name, value]) => `  <tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('\n')}
</table>
<h2>Seal a chunk</h2>
<p>The first chunk begins a session; what is sealed can be read back, and proved.</p>
<pre><code>${escapeHtml(example(host))}</code></pre>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
