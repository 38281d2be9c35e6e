import { ChronicleError, messageOf } from '@chronicle/base'
import { packerErrors } from '@chronicle/packer'
import { Admin, type BaseOptions, Consumer } from '@platformatic/kafka'
import { explainClientError, kafkaErrorsIn } from '../cli/client.ts'

/** Under this group the usual tools see how far topics were packed. Nothing depends on it: the manifest decides. */
export const packerGroup = 'chronicle-packer'

const connectMsMax = 5000
const requestMsMax = 30_000

const gone = ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INCONSISTENT_TOPIC_ID']
const silent = ['PLT_KFK_NETWORK', 'PLT_KFK_TIMEOUT']

export type TopicClient = {
  readonly admin: Admin
  readonly consumer: Consumer
  /** What `action` brings; what it fails with as an error that says what to do. */
  ask<T>(action: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Clients for one topic. Nothing is connected before something is asked. */
export function topicClient(topic: string, bootstrap: string): TopicClient {
  const options: BaseOptions = {
    clientId: packerGroup,
    bootstrapBrokers: bootstrap.split(','),
    connectTimeout: connectMsMax,
    requestTimeout: requestMsMax,
    // The next run tries again; this one has other sources to go on with.
    retries: 0,
    autocreateTopics: false,
  }
  const admin = new Admin(options)
  // The library wants the name of a group; none is joined.
  const consumer = new Consumer({ ...options, groupId: packerGroup })
  return {
    admin,
    consumer,
    async ask(action) {
      try {
        return await action()
      } catch (error) {
        throw explained(error, topic, bootstrap)
      }
    },
    async close() {
      await Promise.allSettled([admin.close(), consumer.close()])
    },
  }
}

function explained(error: unknown, topic: string, bootstrap: string): unknown {
  if (error instanceof ChronicleError) return error
  const kafkaErrors = kafkaErrorsIn(error)
  if (kafkaErrors.some(each => gone.includes(each))) {
    return packerErrors.create('packer.topic-not-found', { topic, reason: 'it was deleted meanwhile' }, error)
  }
  const told = explainClientError(error, { bootstrap })
  const isSilent = silent.includes(String((error as { code?: unknown }).code))
  if (isSilent || (told instanceof ChronicleError && told.code === 'server.no-server')) {
    return packerErrors.create('packer.topic-no-broker', { topic, address: bootstrap }, error)
  }
  return packerErrors.create(
    'packer.topic-refused',
    { topic, kafkaError: kafkaErrors[0], reason: messageOf(error) },
    error,
  )
}
