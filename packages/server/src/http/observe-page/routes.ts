import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'

/** The files of the page, and the types that browsers insist on. */
const files = {
  '/traces': [new URL('./page.html', import.meta.url), 'text/html; charset=utf-8'],
  '/traces/page.css': [new URL('./page.css', import.meta.url), 'text/css; charset=utf-8'],
  '/traces/page.js': [new URL('./page.js', import.meta.url), 'text/javascript; charset=utf-8'],
  '/traces/dom.js': [new URL('./dom.js', import.meta.url), 'text/javascript; charset=utf-8'],
  '/traces/list.js': [new URL('./list.js', import.meta.url), 'text/javascript; charset=utf-8'],
  '/traces/trace.js': [new URL('./trace.js', import.meta.url), 'text/javascript; charset=utf-8'],
} as const

/** S33: nothing but these files runs or is loaded, and the page is shown in no frame: what events hold can only be text. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `/traces`: the traces of the swarm for people, live, from what the API answers. */
export function addTracesPage(app: FastifyInstance): void {
  for (const [path, [file, type]] of Object.entries(files)) {
    app.get(path, async (_request, reply) =>
      reply
        .type(type)
        .header('content-security-policy', policy)
        .header('referrer-policy', 'no-referrer')
        .header('cache-control', 'no-cache')
        .send(await readFile(file, 'utf8')),
    )
  }
}
