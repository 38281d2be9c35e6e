import type { Log, Topic } from '@chronicle/log'
import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import { serverErrors } from '../errors.ts'
import { problemResponse } from './problem.ts'

const topicsPerPageMax = 1000
/** As long as the name of a topic may be. */
const nameCharsMax = 249

// JSON Schema as it stands: loading a library to build it took 9 MB and 90 ms of every start.
const PartitionView = {
  type: 'object',
  required: ['partition', 'logStartOffset', 'highWatermark', 'lastStableOffset', 'records'],
  properties: {
    partition: { type: 'integer' },
    logStartOffset: { type: 'integer', description: 'Offset of the oldest record' },
    highWatermark: { type: 'integer', description: 'Offset after the newest durable record' },
    lastStableOffset: { type: 'integer', description: 'Offset that readers of committed transactions get to' },
    records: { type: 'integer', description: 'Offsets between start and high watermark' },
  },
} as const

const TopicView = {
  $id: 'Topic',
  description: 'A topic and where its partitions begin and end',
  type: 'object',
  required: ['name', 'id', 'internal', 'records', 'partitions', 'configs'],
  properties: {
    name: { type: 'string' },
    id: { type: 'string', description: 'UUID: another one when the topic is deleted and made again' },
    internal: { type: 'boolean' },
    records: { type: 'integer', description: 'Of all partitions' },
    partitions: { type: 'array', items: PartitionView },
    configs: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'What was set on the topic itself',
    },
  },
} as const

const TopicsQuery = {
  type: 'object',
  required: ['limit'],
  properties: {
    limit: { type: 'integer', minimum: 1, maximum: topicsPerPageMax, default: 100 },
    after: { type: 'string', maxLength: nameCharsMax, description: 'Name that the page before ended with' },
  },
} as const

const TopicsPage = {
  type: 'object',
  required: ['topics'],
  properties: {
    topics: { type: 'array', items: { $ref: 'Topic#' } },
    next: { type: 'string', description: 'Give as `after` for the next page; absent on the last one' },
  },
} as const

const TopicPath = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string', minLength: 1, maxLength: nameCharsMax } },
} as const

type Topics = { readonly topics: XStatic<typeof TopicView>[]; readonly next?: string }

/** The routes under /api/v1/topics. */
export function addTopicRoutes(app: FastifyInstance, log: Log): void {
  app.addSchema(TopicView)
  app.get<{ Querystring: XStatic<typeof TopicsQuery> }>(
    '/api/v1/topics',
    {
      schema: {
        operationId: 'listTopics',
        summary: 'List the topics',
        description: 'Sorted by name, a page at a time.',
        tags: ['topics'],
        querystring: TopicsQuery,
        response: { 200: TopicsPage, 400: problemResponse('The query is not accepted') },
      },
    },
    request => listTopics(log, request.query.limit, request.query.after),
  )
  app.get<{ Params: XStatic<typeof TopicPath> }>(
    '/api/v1/topics/:name',
    {
      schema: {
        operationId: 'getTopic',
        summary: 'Describe one topic',
        tags: ['topics'],
        params: TopicPath,
        response: { 200: { $ref: 'Topic#' }, 404: problemResponse('There is no such topic') },
      },
    },
    request => {
      const topic = log.topic(request.params.name)
      if (topic === undefined) throw serverErrors.create('server.topic-not-found', { topic: request.params.name })
      return viewOf(topic)
    },
  )
}

function listTopics(log: Log, limit: number, after: string | undefined): Topics {
  const byName = (a: Topic, b: Topic): number => (a.name < b.name ? -1 : 1)
  const rest = [...log.topics()].filter(topic => after === undefined || topic.name > after).sort(byName)
  const page = rest.slice(0, limit)
  return { topics: page.map(viewOf), ...(rest.length > limit ? { next: page.at(-1)!.name } : {}) }
}

function viewOf(topic: Topic): XStatic<typeof TopicView> {
  const partitions = topic.partitions.map(partition => ({
    partition: partition.index,
    logStartOffset: partition.logStartOffset,
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    records: partition.highWatermark - partition.logStartOffset,
  }))
  const records = partitions.reduce((sum, partition) => sum + partition.records, 0)
  const { name, id, internal, configs } = topic
  return { name, id, internal, records, partitions, configs: { ...configs } }
}
