import { checkClient } from './clients/checks.ts'
import { kafkaJs } from './clients/kafkajs.ts'

await checkClient(kafkaJs)
