import { type Log, resolveConfig, topicConfigs } from '@chronicle/log'
import type { RequestOf, ResponseOf } from '../codec/schema.ts'
import { ErrorCode } from '../error-codes.ts'
import { type Handler, handler } from '../handler.ts'
import { incrementalAlterConfigs } from '../messages/index.ts'
import { resourceType } from './describe-configs.ts'
import { type Refused, refused, refusedByLog } from './log-error.ts'
import { repeated } from './topic-results.ts'

type Resource = RequestOf<typeof incrementalAlterConfigs>['resources'][number]
type Change = Resource['configs'][number]
type Answered = ResponseOf<typeof incrementalAlterConfigs>['responses'][number]
type Configs = Record<string, string>

const operation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

export function incrementalAlterConfigsHandler(log: Log): Handler<typeof incrementalAlterConfigs> {
  // One after the other: each starts from what the one before has set.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(action: () => Promise<T>): Promise<T> => {
    const turn = last.then(action)
    last = turn.catch(() => undefined)
    return turn
  }
  const answer = async (resource: Resource, validateOnly: boolean): Promise<Answered> => {
    const { resourceType: type, resourceName } = resource
    const named = { resourceType: type, resourceName }
    const topic = log.topic(resourceName)
    const refusal = refusalOf(resource, topic !== undefined)
    if (refusal !== undefined) return { ...named, ...refusal }
    try {
      const configs = changed(topic!.configs, resource.configs)
      if ('errorCode' in configs) return { ...named, ...(configs as Refused) }
      resolveConfig(configs)
      if (!validateOnly) await log.setTopicConfigs(resourceName, configs)
      return { ...named, errorCode: ErrorCode.NONE, errorMessage: null }
    } catch (error) {
      return { ...named, ...refusedByLog(error) }
    }
  }
  return handler(incrementalAlterConfigs, ({ resources, validateOnly }) =>
    inTurn(async () => {
      const responses: Answered[] = []
      for (const resource of resources) responses.push(await answer(resource, validateOnly))
      return { throttleTimeMs: 0, responses }
    }),
  )
}

function refusalOf({ resourceType: type, resourceName, configs }: Resource, exists: boolean): Refused | undefined {
  if (type === resourceType.broker) {
    return refused('INVALID_REQUEST', 'Settings of the broker are given where it is started and cannot be changed here')
  }
  if (type !== resourceType.topic) {
    return refused('INVALID_REQUEST', `Resource type ${type} cannot be changed; accepted is 2 (topic)`)
  }
  if (!exists) return refused('UNKNOWN_TOPIC_OR_PARTITION', `There is no topic ${resourceName}`)
  const [twice] = repeated(configs.map(({ name }) => name))
  return twice === undefined ? undefined : refused('INVALID_REQUEST', `The config ${twice} is changed more than once`)
}

/** The topic's configs after `changes`. */
function changed(configs: Readonly<Configs>, changes: readonly Change[]): Configs | Refused {
  const result: Configs = { ...configs }
  for (const { name, configOperation, value } of changes) {
    if (configOperation === operation.delete) {
      delete result[name]
      continue
    }
    if (value === null) return refused('INVALID_REQUEST', `The config ${name} is given no value`)
    if (configOperation === operation.set) {
      result[name] = value
      continue
    }
    if (configOperation !== operation.append && configOperation !== operation.subtract) {
      return refused('INVALID_REQUEST', `Operation ${configOperation} of ${name} is unknown; accepted are 0 to 3`)
    }
    const config = topicConfigs.get(name)
    if (config?.type !== 'list') return refused('INVALID_CONFIG', `The config ${name} is not a list`)
    const present = listOf(result[name] ?? config.default)
    const given = listOf(value)
    const kept = present.filter(part => !given.includes(part))
    result[name] = (configOperation === operation.append ? [...kept, ...given] : kept).join(',')
  }
  return result
}

function listOf(value: string): string[] {
  return value.split(',').flatMap(part => (part.trim() === '' ? [] : [part.trim()]))
}
