import { checkClient } from './clients/checks.ts'
import { platformatic } from './clients/platformatic.ts'

await checkClient(platformatic)
