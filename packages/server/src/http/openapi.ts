import swagger from '@fastify/swagger'
import { type FastifyInstance, fastify } from 'fastify'

type Operation = { readonly operationId?: string; readonly parameters?: readonly { readonly name: string }[] }
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

/** The OpenAPI document of the routes that `addRoutes` adds, taken from an app that never listens. */
export async function renderOpenApi(addRoutes: (to: FastifyInstance) => void, version: string): Promise<object> {
  const app = fastify({ logger: false })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Chronicle', version, description: 'One record of everything that happened.' },
      servers: [{ url: '/', description: 'This server' }],
      // Nobody is asked who he is.
      security: [],
      tags: [
        { name: 'topics', description: 'The topics of the Kafka side' },
        { name: 'sessions', description: 'Sealed chunks and their proofs' },
        { name: 'observe', description: 'Events, traces and agents of a swarm' },
        { name: 'server', description: 'The server itself' },
      ],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, at) => String(json.$id ?? `def-${at}`) },
  })
  addRoutes(app)
  await app.ready()
  const document = app.swagger()
  return { ...document, paths: forGenerators(document.paths as Paths) }
}

/** What generators of clients ask for: each operation has a name of its own, and what matches the rest of a path has one too. */
function forGenerators(paths: Paths): Paths {
  const taken = new Set<string>()
  const named = (method: string, { operationId: id, ...operation }: Operation): Operation => {
    if (id === undefined) return operation
    const operationId = taken.has(id) ? `${id}By${method.charAt(0).toUpperCase()}${method.slice(1)}` : id
    taken.add(operationId)
    const parameters = operation.parameters?.map(each => (each.name === '*' ? { ...each, name: 'rest' } : each))
    return { operationId, ...operation, ...(parameters && { parameters }) }
  }
  const ofPath = ([path, operations]: [string, Paths[string]]): [string, Paths[string]] => [
    path.replace('{*}', '{rest}'),
    Object.fromEntries(Object.entries(operations).map(([method, each]) => [method, named(method, each)])),
  ]
  return Object.fromEntries(Object.entries(paths).map(ofPath))
}
