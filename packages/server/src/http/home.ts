import type { FastifyInstance } from 'fastify'

/** Where the doors of the server are. */
export type Places = { readonly kafka: string; readonly metrics: string; readonly dataDirectory: string }

/** `/`: one small page that says where everything is. */
export function addHomePage(app: FastifyInstance, places: Places, version: string): void {
  const page = render(places, version)
  app.get('/', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(page),
  )
}

function render({ kafka, metrics, dataDirectory }: Places, version: string): string {
  const rows = [
    ['Kafka clients', `<code>${escapeHtml(kafka)}</code>`],
    ['Health', '<a href="/health">/health</a>'],
    ['Topics', '<a href="/api/v1/topics">/api/v1/topics</a>'],
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
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}
