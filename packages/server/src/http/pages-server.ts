import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf, type Stoppable } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'

/** A scrape needs a few at once; more is a mistake or an attack. */
const connectionsMax = 64
const requestMsMax = 10_000
const headerBytesMax = 8192

export type Page = { readonly status: number; readonly type: string; readonly body: string }

/** Serves a few pages to programs that look from time to time: `GET` and `HEAD` of the paths in `pages`. */
export async function startPagesServer(options: {
  address: string
  port: number
  pages: Readonly<Record<string, () => Page | Promise<Page>>>
  logger: Logger
}): Promise<Stoppable & { readonly port: number }> {
  const { pages, logger } = options
  const server = createServer({ maxHeaderSize: headerBytesMax, requestTimeout: requestMsMax }, (request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const answer = ({ status, type, body }: Page) => response.writeHead(status, { 'content-type': type }).end(body)
    if (!isRead || !Object.hasOwn(pages, path)) {
      const places = Object.keys(pages).join(' and ')
      answer({ status: 404, type: 'text/plain', body: `there is ${places}\n` })
      return
    }
    pageOf(pages[path]!).then(answer, error => {
      logger.error({ error, path }, 'a page could not be made')
      answer({ status: 500, type: 'text/plain', body: `${messageOf(error)}\n` })
    })
  })
  server.maxConnections = connectionsMax
  server.listen(options.port, options.address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Rejects where the page throws. */
async function pageOf(page: () => Page | Promise<Page>): Promise<Page> {
  return page()
}
