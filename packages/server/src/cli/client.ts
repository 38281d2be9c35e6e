import { ChronicleError } from '@chronicle/base'
import { Admin, type BaseOptions, Consumer, Producer } from '@platformatic/kafka'
import { serverErrors } from '../errors.ts'

/** Long enough for a busy server, short enough for a person. */
const requestMsMax = 30_000
const connectMsMax = 5_000

/** A topic that was just made may take a moment to be known. */
const producerRetries = { retries: 5, retryDelay: 200 }

export type ClientOptions = { readonly bootstrap: string }

function clientOptions({ bootstrap }: ClientOptions): BaseOptions {
  return {
    clientId: 'chronicle-cli',
    bootstrapBrokers: bootstrap.split(','),
    connectTimeout: connectMsMax,
    requestTimeout: requestMsMax,
    // A refused connection is told at once: the person tries again, or starts a server.
    retries: 0,
  }
}

/** Runs `action` with an administrative client, and turns what the client throws into errors that say what to do. */
export async function withAdmin<T>(options: ClientOptions, action: (admin: Admin) => Promise<T>): Promise<T> {
  return using(options, new Admin(clientOptions(options)), action)
}

export async function withProducer<T>(
  options: ClientOptions,
  action: (producer: Producer<Buffer, Buffer, Buffer, Buffer>) => Promise<T>,
): Promise<T> {
  return using(
    options,
    new Producer({ ...clientOptions(options), ...producerRetries, autocreateTopics: true, acks: -1 }),
    action,
  )
}

export async function withConsumer<T>(
  options: ClientOptions & { groupId: string },
  action: (consumer: Consumer<Buffer, Buffer, Buffer, Buffer>) => Promise<T>,
): Promise<T> {
  return using(options, new Consumer({ ...clientOptions(options), groupId: options.groupId }), action)
}

async function using<C extends { close(): Promise<void> }, T>(
  options: ClientOptions,
  client: C,
  action: (client: C) => Promise<T>,
): Promise<T> {
  try {
    return await action(client)
  } catch (error) {
    throw explainClientError(error, options)
  } finally {
    await client.close()
  }
}

const notThere = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'ECONNRESET']

/** What the client library threw, as an error of ours where it is a known one. */
export function explainClientError(error: unknown, { bootstrap }: ClientOptions): unknown {
  if (error instanceof ChronicleError) return error
  const all = [...everyErrorIn(error)]
  const refused = all.find(each => typeof each.apiId === 'string')
  if (refused) {
    const reason = refused.serverErrorMessage ?? refused.message
    return serverErrors.create('server.request-refused', { kafkaError: refused.apiId, reason }, error)
  }
  const network = all.find(each => notThere.includes(String(each.code)) || each.code === 'PLT_KFK_NETWORK')
  if (network) return serverErrors.create('server.no-server', { address: bootstrap }, error)
  return error
}

/** The names of Kafka errors in what the client library threw. */
export function kafkaErrorsIn(error: unknown): string[] {
  return [...everyErrorIn(error)].flatMap(each => (typeof each.apiId === 'string' ? [each.apiId] : []))
}

type LibraryError = Error & { code?: string; apiId?: string; serverErrorMessage?: string | null }

function* everyErrorIn(error: unknown): Generator<LibraryError> {
  if (!(error instanceof Error)) return
  yield error
  if (error instanceof AggregateError) for (const each of error.errors) yield* everyErrorIn(each)
  yield* everyErrorIn(error.cause)
}
