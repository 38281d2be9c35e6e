import type { AddressInfo } from 'node:net'
import type { Stoppable } from '@chronicle/base'
import type { Logger } from '@chronicle/telemetry'
import { type FastifyInstance, fastify } from 'fastify'
import { serverErrors } from '../errors.ts'
import { answerClientError } from './client-error.ts'
import { addHomePage, type Places } from './home.ts'
import { hostCheck, isOfAnotherSite } from './hosts.ts'
import { addTracesPage } from './observe-page/routes.ts'
import { Problem, sendProblem } from './problem.ts'

const requestBodyBytesMax = 1 << 20
/** Room for the metadata of a chunk. */
const headerBytesMax = 32 * 1024
const headersMsMax = 15_000
/** How often connections are looked at that are late. */
const lateCheckMs = 2_500
/** Connections that the system holds until they are accepted. */
const backlogMax = 4096
/** Long enough for the id of a trace: 255 bytes, each of which may be percent-encoded. */
const pathPartCharsMax = 3 * 255

export type HttpOptions = {
  readonly address: string
  readonly port: number
  /** Names that requests may use besides localhost and the address. */
  readonly allowedHosts: readonly string[]
  readonly connectionsMax: number
  /** Longest time that a whole request may take to arrive. */
  readonly requestMsMax: number
  /** Adds what is served. Called again for the OpenAPI document, of an app that never listens. */
  readonly addRoutes: (to: FastifyInstance) => void
  readonly logger: Logger
  readonly version: string
  /** Where the other doors are, for the page at `/`. */
  readonly places: Places
}

/** Starts the HTTP interface. */
export async function startHttp(options: HttpOptions): Promise<Stoppable & { readonly port: number }> {
  const app = await buildApp(options)
  await app.listen({ host: options.address, port: options.port, backlog: backlogMax })
  app.server.maxConnections = options.connectionsMax
  return { port: (app.server.address() as AddressInfo).port, stop: () => app.close() }
}

async function buildApp(options: HttpOptions): Promise<FastifyInstance> {
  const { logger, version, places } = options
  const app = fastify({
    logger: false,
    bodyLimit: requestBodyBytesMax,
    requestTimeout: options.requestMsMax,
    http: { maxHeaderSize: headerBytesMax, headersTimeout: headersMsMax, connectionsCheckingInterval: lateCheckMs },
    routerOptions: { maxParamLength: pathPartCharsMax },
    // A client that keeps its connection open cannot hold up the stop.
    forceCloseConnections: true,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply, logger),
  })
  // Whoever waits for leave to send a body is refused, or gets it, by the handler.
  app.server.on('checkContinue', (request, response) => app.server.emit('request', request, response))
  app.setSerializerCompiler(jsonSerializer)
  admitOnly(app, options)
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, logger))
  app.setNotFoundHandler((request, reply) => {
    const error = serverErrors.create('server.not-found', { method: request.method, path: request.url.split('?')[0] })
    return sendProblem(error, request, reply, logger)
  })
  const addRoutes = (to: FastifyInstance): void => {
    to.addSchema(Problem)
    options.addRoutes(to)
  }
  addRoutes(app)
  addHomePage(app, places, version)
  addTracesPage(app)
  let description: Promise<object> | undefined
  app.get('/api/v1/openapi.json', () => {
    description ??= describe(addRoutes, version)
    return description
  })
  return app
}

/** S4: requests of other sites, by a name or from a page of theirs, are turned away. */
function admitOnly(app: FastifyInstance, { address, allowedHosts }: HttpOptions): void {
  const isOurs = hostCheck(address, allowedHosts)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    const { host, method, headers } = request
    if (!isOurs(host)) throw serverErrors.create('server.host-not-accepted', { host: host.slice(0, 200) })
    if (isOfAnotherSite(method, headers.origin, host)) {
      throw serverErrors.create('server.origin-not-accepted', { origin: headers.origin!.slice(0, 200) })
    }
  })
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
