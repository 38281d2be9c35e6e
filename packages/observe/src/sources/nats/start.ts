import type { NatsSource, NatsSourceOptions } from './source.ts'

/** Begins to read the swarm's streams. The client library is loaded now, so that a server without NATS does without it. Rejects with 'observe.invalid-nats-url'. */
export async function startNatsSource(options: NatsSourceOptions): Promise<NatsSource> {
  const { NatsSource } = await import('./source.ts')
  return new NatsSource(options)
}
