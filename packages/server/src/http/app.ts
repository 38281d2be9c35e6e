import type { AddressInfo, Socket } from 'node:net'
import type { Stoppable } from '@chronicle/base'
import type { Log } from '@chronicle/log'
import type { Health, Logger } from '@chronicle/telemetry'
import { type FastifyInstance, fastify } from 'fastify'
import { serverErrors } from '../errors.ts'
import { addHealthRoute } from './health.ts'
import { addHomePage, type Places } from './home.ts'
import { Problem, problemBody, sendProblem } from './problem.ts'
import { addTopicRoutes } from './topics.ts'

const requestBodyBytesMax = 1 << 20
const requestMsMax = 30_000
const connectionsMax = 1000
/** Long enough for the name of a topic. */
const pathPartCharsMax = 250

/** The HTTP port is for this machine alone: it has no tokens yet (S4). */
export const httpAddress = '127.0.0.1'

export type HttpOptions = {
  readonly port: number
  readonly log: Log
  readonly health: Health
  readonly logger: Logger
  readonly version: string
  /** Where the other doors are, for the page at `/`. */
  readonly places: Places
}

/** Starts the HTTP interface. */
export async function startHttp(options: HttpOptions): Promise<Stoppable & { readonly port: number }> {
  const app = await buildApp(options)
  await app.listen({ host: httpAddress, port: options.port })
  app.server.maxConnections = connectionsMax
  return { port: (app.server.address() as AddressInfo).port, stop: () => app.close() }
}

async function buildApp({ log, health, logger, version, places }: HttpOptions): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: requestBodyBytesMax,
    requestTimeout: requestMsMax,
    routerOptions: { maxParamLength: pathPartCharsMax },
    // A client that keeps its connection open cannot hold up the stop.
    forceCloseConnections: true,
    clientErrorHandler: refuseNonsense,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply, logger),
  })
  app.setSerializerCompiler(jsonSerializer)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    if (!isOfThisMachine(request.host)) throw serverErrors.create('server.host-not-accepted', { host: request.host })
  })
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, logger))
  app.setNotFoundHandler((request, reply) => {
    const error = serverErrors.create('server.not-found', { method: request.method, path: request.url.split('?')[0] })
    return sendProblem(error, request, reply, logger)
  })
  const addRoutes = (to: FastifyInstance): void => {
    to.addSchema(Problem)
    addHealthRoute(to, health, version)
    addTopicRoutes(to, log)
  }
  addRoutes(app)
  addHomePage(app, places, version)
  let description: Promise<object> | undefined
  app.get('/api/v1/openapi.json', () => {
    description ??= describe(addRoutes, version)
    return description
  })
  return app
}

/** Answers have the types of their schemas already: what compiles a serializer for each takes 2 MB and gains nothing here. */
function jsonSerializer(): (data: unknown) => string {
  return JSON.stringify
}

/** What renders the OpenAPI document takes megabytes, and most servers are never asked for it. */
async function describe(addRoutes: (to: FastifyInstance) => void, version: string): Promise<object> {
  const { renderOpenApi } = await import('./openapi.ts')
  return renderOpenApi(addRoutes, version)
}

/** What the HTTP parser did not understand never becomes a request: the answer is written by hand. */
function refuseNonsense(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = serverErrors.create('server.bad-request', { reason: error.code ?? 'not HTTP' }, error)
  const body = JSON.stringify(problemBody(problem, 400))
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  socket.end([...head, 'Connection: close', '', body].join('\r\n'))
}

/** A page of another site that has pointed a name of its own at 127.0.0.1 is turned away (DNS rebinding). */
function isOfThisMachine(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i.test(host)
}
