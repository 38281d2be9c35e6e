import { setting } from '@chronicle/config'
import { brokerAddresses, topicNames } from './settings-types.ts'

const topics = 'Topics'

/** What is packed besides the ring. */
export const topicSettings = {
  topicNames: setting({
    key: 'topics.names',
    env: 'CHRONICLE_PACKER_TOPICS_NAMES',
    type: topicNames,
    default: [],
    section: topics,
    help: 'Topics that every daily run packs, after the ring. `process --topic` packs others.',
  }),
  bootstrapServers: setting({
    key: 'topics.bootstrap_servers',
    env: 'CHRONICLE_PACKER_TOPICS_BOOTSTRAP_SERVERS',
    type: brokerAddresses,
    default: 'localhost:9092',
    section: topics,
    help: "Where topics are read from: a server of Chronicle, or any broker that speaks Kafka's protocol. One address is enough to find the others.",
  }),
} as const
