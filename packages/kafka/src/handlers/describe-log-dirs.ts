import type { Log } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { describeLogDirs } from '../messages/index.ts'

type Asked = NonNullable<RequestOf<typeof describeLogDirs>['topics']>[number]
type Answered = ResponseOf<typeof describeLogDirs>['results'][number]['topics'][number]

/** There is one log for all partitions, and so one directory. Where it is concerns nobody outside. */
const logDir = 'chronicle'
/** What one partition takes of the shared log is not known. */
const unknownSize = -1

export function describeLogDirsHandler(log: Log): Handler<typeof describeLogDirs> {
  return handler(describeLogDirs, ({ topics }) => {
    const described = topics === null ? everything(log) : topics.flatMap(asked => existing(log, asked))
    const results = [{ errorCode: ErrorCode.NONE, logDir, topics: described }]
    return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, results }
  })
}

function everything(log: Log): Answered[] {
  return Array.from(log.topics(), ({ name, partitions }) => answerOf(name, [...partitions.keys()]))
}

/** What does not exist is left out, as Kafka does. */
function existing(log: Log, { topic, partitions }: Asked): Answered[] {
  const found = partitions.filter(index => log.partition(topic, index) !== undefined)
  return found.length === 0 ? [] : [answerOf(topic, found)]
}

function answerOf(name: string, indexes: readonly number[]): Answered {
  return {
    name,
    partitions: indexes.map(partitionIndex => ({
      partitionIndex,
      partitionSize: unknownSize,
      offsetLag: 0,
      isFutureKey: false,
    })),
  }
}
