import { formatValue } from '@chronicle/config'
import type { FastifyInstance } from 'fastify'
import { settings as declared, type ServerSettings } from '../settings.ts'

/** `/api/v1/config`: the settings in force. Secrets are masked by their type. */
export function addConfigRoute(app: FastifyInstance, settings: ServerSettings): void {
  const schema = {
    operationId: 'getSettings',
    summary: 'The settings in force',
    description:
      'Secrets are masked. `sessions` has the settings of the chunk sealing: sizes of keys, nonces and tags in bits, other sizes in bytes, times in seconds.',
    tags: ['server'],
    response: {
      200: {
        description: 'The settings',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['sessions', 'settings'],
              properties: {
                sessions: { type: 'object', additionalProperties: true },
                settings: {
                  type: 'object',
                  additionalProperties: { type: ['string', 'null'] },
                  description: 'Every setting by its key, as `chronicle config --show` has it',
                },
              },
            },
          },
        },
      },
    },
  }
  const view = { sessions: sessionsView(settings), settings: allInForce(settings) }
  app.get('/api/v1/config', { schema }, (_request, reply) => reply.header('cache-control', 'no-store').send(view))
}

function allInForce(settings: ServerSettings): Record<string, string | null> {
  const values = settings as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(declared).map(([name, each]) => [each.key, formatValue(each, values[name]) ?? null]),
  )
}

function sessionsView(settings: ServerSettings): Record<string, unknown> {
  return {
    max_workers: settings.sessionsMaxWorkers,
    queue_size: settings.sessionsQueueSize,
    worker_timeout: settings.sessionsWorkerTimeoutMs / 1000,
    batch_size: settings.sessionsBatchSize,
    algorithm: settings.sessionsAlgorithm,
    key_size: settings.sessionsKeyBits,
    nonce_size: settings.sessionsNonceBits,
    tag_size: settings.sessionsTagBits,
    pbkdf2_iterations: settings.sessionsPbkdf2Iterations,
    max_chunk_size: settings.sessionsMaxChunkBytes,
    max_session_size: settings.sessionsMaxSessionBytes,
    compression_enabled: settings.sessionsCompressionEnabled,
    compression_level: settings.sessionsCompressionLevel,
  }
}
