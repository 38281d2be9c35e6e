import { checkClient } from './clients/checks.ts'
import { kafkaPython, pythonDriver, systemPython } from './clients/python.ts'

// Debian's 2.0.2 is older than this client's idempotence and static members.
const hint = 'apt-get install python3-kafka'
await checkClient(pythonDriver(systemPython, { ...kafkaPython, lacks: ['idempotence', 'static members'], hint }))
