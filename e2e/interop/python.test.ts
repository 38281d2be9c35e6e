import { test } from 'node:test'
import { checkClient } from '../clients/checks.ts'
import { confluentKafka, kafkaPython, pythonDriver } from '../clients/python.ts'
import { interopPython } from './python.ts'

const { python, missing } = interopPython()
if (missing) {
  test('newest Python clients', { skip: missing }, () => {})
} else {
  const hint = 'remove e2e/.cache/venv'
  await checkClient(pythonDriver(python, { ...confluentKafka, hint }))
  await checkClient(pythonDriver(python, { ...kafkaPython, lacks: ['static members'], hint }))
}
