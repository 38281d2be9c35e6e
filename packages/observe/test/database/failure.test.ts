import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseError } from '../../src/database/failure.ts'

test('what failed says whether to try again, to set the data aside, or to ask somebody', () => {
  const codes: readonly [code: string, what: string][] = [
    ['22P05', 'data-refused'],
    ['23505', 'data-refused'],
    ['54000', 'data-refused'],
    ['08006', 'database-unavailable'],
    ['53300', 'database-unavailable'],
    ['57P01', 'database-unavailable'],
    ['57014', 'database-unavailable'],
    ['40001', 'database-unavailable'],
    ['40P01', 'database-unavailable'],
    ['55P03', 'database-unavailable'],
    ['25006', 'database-unavailable'],
    ['25P03', 'database-unavailable'],
    ['28P01', 'database-refused'],
    ['3D000', 'database-refused'],
    ['42501', 'database-refused'],
    ['42P01', 'database-refused'],
    ['57P04', 'database-refused'],
    ['XX001', 'database-refused'],
    ['ECONNREFUSED', 'database-unavailable'],
    ['ENOTFOUND', 'database-unavailable'],
    ['EPIPE', 'database-unavailable'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'database-refused'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'database-refused'],
  ]
  for (const [code, what] of codes) {
    assert.equal(databaseError(Object.assign(new Error('said'), { code })).code, `observe.${what}`, code)
  }
})

test('what the server or the driver says is kept only where it cannot hold content', () => {
  const server = {
    code: '23505',
    detail: 'Key (note)=(secret) already exists.',
    table: 'kept',
    constraint: 'kept_pkey',
  }
  const refused = databaseError(Object.assign(new Error('duplicate key value "secret"'), server))
  assert.deepEqual(refused.details, { sqlstate: '23505', table: 'kept', column: undefined, constraint: 'kept_pkey' })
  assert.equal(
    databaseError(new Error('Connection terminated unexpectedly')).details.reason,
    'Connection terminated unexpectedly',
  )
  assert.equal(databaseError(new Error('no idea what "secret" is')).details.reason, 'the driver failed')
  for (const thrown of [undefined, null, 'secret', 7]) {
    assert.equal(databaseError(thrown).details.reason, 'the driver failed')
  }
})
