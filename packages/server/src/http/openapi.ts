import swagger from '@fastify/swagger'
import { type FastifyInstance, fastify } from 'fastify'

/** The OpenAPI document of the routes that `addRoutes` adds, taken from an app that never listens. */
export async function renderOpenApi(addRoutes: (to: FastifyInstance) => void, version: string): Promise<object> {
  const app = fastify({ logger: false })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Chronicle', version, description: 'One record of everything that happened.' },
      tags: [{ name: 'topics' }, { name: 'sessions' }, { name: 'observe' }, { name: 'server' }],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, at) => String(json.$id ?? `def-${at}`) },
  })
  addRoutes(app)
  await app.ready()
  return app.swagger()
}
