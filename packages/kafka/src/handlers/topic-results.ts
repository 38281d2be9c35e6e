import type { Topic } from '@chronicle/log'
import { topicConfigs } from '@chronicle/log'

/** KIP-226: where a value comes from. */
export const configSource = { topic: 1, staticBroker: 4, default: 5 } as const

/** KIP-569: what kind of value it is. */
const configTypes = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 } as const

export type ConfigEntry = {
  readonly name: string
  readonly value: string
  readonly readOnly: boolean
  readonly configSource: number
  readonly isSensitive: boolean
  readonly configType: number
  readonly documentation: string
}

/** Every config that a topic can have, with the value in force. */
export function configEntries({ configs }: Pick<Topic, 'configs'>): ConfigEntry[] {
  return Array.from(topicConfigs.values(), config => {
    const own = configs[config.name]
    return {
      name: config.name,
      value: own ?? config.default,
      readOnly: false,
      configSource: own === undefined ? configSource.default : configSource.topic,
      isSensitive: false,
      configType: configTypes[config.type],
      documentation: config.doc,
    }
  })
}

/** Names that are given more than once: each such topic is refused. */
export function repeated(names: Iterable<string>): ReadonlySet<string> {
  const seen = new Set<string>()
  const again = new Set<string>()
  for (const name of names) (seen.has(name) ? again : seen).add(name)
  return again
}
