import { checkClient } from '../clients/checks.ts'
import { franzGo } from './franz-go.ts'

await checkClient(franzGo)
