import assert from 'node:assert/strict'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Secret } from '../src/index.ts'

test('C4: no way of printing a secret shows it', () => {
  const secret = new Secret('hunter2')
  const holder = { secret, list: [secret] }
  const printed = [
    String(secret),
    `${secret}`,
    `x${secret}`,
    JSON.stringify(holder),
    inspect(holder, { depth: 9, showHidden: true }),
    format('%s %o %j', secret, secret, secret),
    Object.keys(secret).join(),
    new Error(`bad password ${secret}`).message,
    JSON.stringify({ ...secret }),
    inspect(structuredClone({ ...holder.secret })),
  ]
  for (const text of printed) assert.doesNotMatch(text, /hunter2/)
  assert.equal(secret.reveal(), 'hunter2')
})
