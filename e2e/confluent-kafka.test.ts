import { checkClient } from './clients/checks.ts'
import { confluentKafka, pythonDriver, systemPython } from './clients/python.ts'

await checkClient(pythonDriver(systemPython, { ...confluentKafka, hint: 'apt-get install python3-confluent-kafka' }))
