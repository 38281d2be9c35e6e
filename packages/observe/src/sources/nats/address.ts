import type { NodeConnectionOptions } from '@nats-io/transport-node'
import { observeErrors } from '../../errors.ts'

/** Where to connect, and as whom: never to be logged (OS7). The client is given names of servers and credentials apart, so that its messages hold none. */
export type NatsAddress = Pick<NodeConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'>

const serversMax = 64

/**
 * `text` is one server or several, with commas between them: `nats://user:password@a:4222,nats://b`. A user without password is a token; `tls://` asks for TLS.
 * Credentials of the first that has some are for all. Throws 'observe.invalid-nats-url', which never shows the text.
 */
export function parseNatsUrl(text: string): NatsAddress {
  const urls = text.split(',').map(part => URL.parse(part.trim()))
  if (urls.length > serversMax || !urls.every(isServer)) throw invalid()
  const servers = urls.map(({ host }) => host)
  const withUser = urls.find(({ username }) => username !== '')
  const isTls = urls.some(({ protocol }) => protocol === 'tls:')
  return { servers, ...credentials(withUser), ...(isTls ? { tls: {} } : {}) }
}

function isServer(url: URL | null): url is URL {
  return url !== null && /^(nats|tls):$/.test(url.protocol) && url.hostname !== '' && /^\/?$/.test(url.pathname)
}

function credentials(url: URL | undefined): Pick<NatsAddress, 'user' | 'pass' | 'token'> {
  if (url === undefined) return {}
  const user = decoded(url.username)
  return url.password === '' ? { token: user } : { user, pass: decoded(url.password) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid()
  }
}

const invalid = (): Error =>
  observeErrors.create('observe.invalid-nats-url', {
    accepted: 'nats://[user:password@]host[:port] or tls://…, several with commas between them',
  })
