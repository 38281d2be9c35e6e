import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostCheck, isOfAnotherSite } from '../src/http/hosts.ts'

test('S4: on loopback only names of loopback are accepted', () => {
  const isOurs = hostCheck('127.0.0.1', [])
  for (const host of ['localhost', 'LOCALHOST:8700', '127.0.0.1:1', '127.4.5.6', '[::1]:8700'])
    assert.ok(isOurs(host), host)
  const foreign = [
    '',
    'evil.org',
    'localhost.evil.org',
    '127.0.0.1.evil.org',
    '192.168.1.5',
    '[fe80::1]',
    'a b',
    'x@localhost',
  ]
  for (const host of foreign) assert.equal(isOurs(host), false, host)
})

test('S4: open to the network, any address is accepted, and of names those that were given', () => {
  const isOurs = hostCheck('0.0.0.0', ['chronicle.internal'])
  for (const host of ['localhost:1', '192.168.1.5:8700', '[2001:db8::1]', 'Chronicle.Internal:80'])
    assert.ok(isOurs(host), host)
  for (const host of ['evil.org', 'chronicle.internal.evil.org', '1.2.3.4.evil.org'])
    assert.equal(isOurs(host), false, host)
})

test('S4: a page of another site changes nothing', () => {
  const host = 'localhost:8700'
  assert.ok(isOfAnotherSite('POST', 'http://evil.org', host))
  assert.ok(isOfAnotherSite('DELETE', 'null', host))
  assert.ok(isOfAnotherSite('PUT', 'http://localhost:3000', host))
  assert.equal(isOfAnotherSite('POST', 'http://localhost:8700', host), false)
  assert.equal(isOfAnotherSite('POST', undefined, host), false)
  assert.equal(isOfAnotherSite('GET', 'http://evil.org', host), false)
})
