import { checkClient } from './clients/checks.ts'
import { kcat } from './clients/kcat.ts'

await checkClient(kcat)
