/** The server between a real nats-server and a real PostgreSQL, with ways to both that can be cut. */
import type { TestContext } from 'node:test'
import {
  type RunningNatsServer,
  type RunningPostgres,
  startNatsServer,
  startPostgres,
  startTcpProxy,
  type TcpProxy,
} from '@chronicle/testing'
import { connect } from '@nats-io/transport-node'
import { httpSender, kafkaSender, natsSender, type Sender } from './senders.ts'
import { ObserveServer } from './server.ts'

export type House = {
  readonly server: ObserveServer
  readonly senders: readonly Sender[]
  readonly nats: RunningNatsServer
  /** Between the server and NATS; agents go straight there. */
  readonly natsProxy: TcpProxy
  readonly postgres: RunningPostgres
  /** Between the server and PostgreSQL. */
  readonly postgresProxy: TcpProxy
  /** Names and states of the alerts that were published on NATS, in their order. */
  readonly alerts: readonly string[]
}

export async function openHouse(t: TestContext, env: Readonly<Record<string, string>> = {}): Promise<House> {
  const [postgres, nats] = await Promise.all([startPostgres(), startNatsServer()])
  const [postgresProxy, natsProxy] = await Promise.all([startTcpProxy(postgres.port), startTcpProxy(nats.port)])
  t.after(() => Promise.all([postgres.stop(), nats.stop(), postgresProxy.close(), natsProxy.close()]))
  const server = await ObserveServer.start(t, {
    DATABASE_URL: postgres.url.replace(`:${postgres.port}/`, `:${postgresProxy.port}/`),
    NATS_URL: `nats://127.0.0.1:${natsProxy.port}`,
    ...env,
  })
  await server.until('nats', 'pass')
  const senders = await openSenders(t, server, nats)
  const ear = await connect({ servers: `127.0.0.1:${nats.port}`, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  const alerts: string[] = []
  ear.subscribe('swarm.system.alert', {
    callback: (_, message) => {
      const { metadata } = message.json<{ metadata: Record<string, string> }>()
      alerts.push(`${metadata.alert} ${metadata.state}`)
    },
  })
  t.after(() => ear.close())
  return { server, senders, nats, natsProxy, postgres, postgresProxy, alerts }
}

/** One agent for each source; without NATS where there is none. */
export async function openSenders(
  t: TestContext,
  server: ObserveServer,
  nats?: Pick<RunningNatsServer, 'url'>,
): Promise<readonly Sender[]> {
  const senders = [
    httpSender(server.httpPort),
    await kafkaSender(server.bootstrap),
    ...(nats === undefined ? [] : [await natsSender(nats.url)]),
  ]
  t.after(() => Promise.all(senders.map(sender => sender.close())))
  return senders
}
