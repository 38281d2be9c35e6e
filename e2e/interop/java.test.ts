import { checkClient } from '../clients/checks.ts'
import { javaDriver } from './java.ts'

await checkClient(javaDriver)
