import type { Log, Topic } from '@chronicle/log'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { serverErrors } from '../errors.ts'

const topicsPerPageMax = 1000
/** As long as the name of a topic may be. */
const nameCharsMax = 249

const PartitionView = Type.Object({
  partition: Type.Integer(),
  logStartOffset: Type.Integer({ description: 'Offset of the oldest record' }),
  highWatermark: Type.Integer({ description: 'Offset after the newest durable record' }),
  lastStableOffset: Type.Integer({ description: 'Offset that readers of committed transactions get to' }),
  records: Type.Integer({ description: 'Offsets between start and high watermark' }),
})

const TopicView = Type.Object(
  {
    name: Type.String(),
    id: Type.String({ description: 'UUID: another one when the topic is deleted and made again' }),
    internal: Type.Boolean(),
    records: Type.Integer({ description: 'Of all partitions' }),
    partitions: Type.Array(PartitionView),
    configs: Type.Record(Type.String(), Type.String(), { description: 'What was set on the topic itself' }),
  },
  { $id: 'Topic', description: 'A topic and where its partitions begin and end' },
)

const TopicsQuery = Type.Object({
  limit: Type.Integer({ minimum: 1, maximum: topicsPerPageMax, default: 100 }),
  after: Type.Optional(Type.String({ maxLength: nameCharsMax, description: 'Name that the page before ended with' })),
})

const TopicsPage = Type.Object({
  topics: Type.Array(Type.Ref('Topic#')),
  next: Type.Optional(Type.String({ description: 'Give as `after` for the next page; absent on the last one' })),
})

const TopicPath = Type.Object({ name: Type.String({ minLength: 1, maxLength: nameCharsMax }) })

/** The routes under /api/v1/topics. */
export function addTopicRoutes(app: FastifyInstance, log: Log): void {
  app.addSchema(TopicView)
  app.get<{ Querystring: Static<typeof TopicsQuery> }>(
    '/api/v1/topics',
    {
      schema: {
        summary: 'List the topics',
        description: 'Sorted by name, a page at a time.',
        tags: ['topics'],
        querystring: TopicsQuery,
        response: { 200: TopicsPage, 400: problemResponse('The query is not accepted') },
      },
    },
    request => listTopics(log, request.query.limit, request.query.after),
  )
  app.get<{ Params: Static<typeof TopicPath> }>(
    '/api/v1/topics/:name',
    {
      schema: {
        summary: 'Describe one topic',
        tags: ['topics'],
        params: TopicPath,
        response: { 200: Type.Ref('Topic#'), 404: problemResponse('There is no such topic') },
      },
    },
    request => {
      const topic = log.topic(request.params.name)
      if (topic === undefined) throw serverErrors.create('server.topic-not-found', { topic: request.params.name })
      return viewOf(topic)
    },
  )
}

export function problemResponse(description: string): object {
  return { description, content: { 'application/problem+json': { schema: Type.Ref('Problem#') } } }
}

function listTopics(log: Log, limit: number, after: string | undefined): Static<typeof TopicsPage> {
  const byName = (a: Topic, b: Topic): number => (a.name < b.name ? -1 : 1)
  const rest = [...log.topics()].filter(topic => after === undefined || topic.name > after).sort(byName)
  const page = rest.slice(0, limit)
  return { topics: page.map(viewOf), ...(rest.length > limit ? { next: page.at(-1)!.name } : {}) }
}

function viewOf(topic: Topic): Static<typeof TopicView> {
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
