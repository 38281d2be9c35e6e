/** One small record a request: what a request costs, bytes aside. */
import { createTopic, startChronicle } from '../chronicle.ts'
import { alternate, atLeast, type Benchmark, compare } from '../harness.ts'
import { recordBatch } from '../load/batch.ts'
import { produceRequest } from '../load/frames.ts'
import { produce } from '../load/produce.ts'
import { socketFlow, startSocketPeer } from '../peers/socket.ts'

const shape = { partitions: 4, connections: 4, inFlight: 32, recordsPerBatch: 1, valueBytes: 100 }

export const smallRequests: Benchmark = {
  name: 'small',
  about: 'acks=all, one 100-byte record a request, 4 connections with 32 requests in flight, durable',
  async run(context) {
    const peer = await startSocketPeer()
    const broker = await startChronicle(context, 'durable')
    const seconds = context.secondsPerRound
    const load = { ...shape, topic: 'bench', bytesMax: 1_000_000_000 }
    try {
      await createTopic(broker.port, 'bench', shape.partitions)
      await produce(broker.port, { ...load, seconds: seconds / 2 })
      const request = produceRequest('bench', 0, recordBatch(1, 100))
      const bare = { connections: 4, inFlight: 32, requestBytes: request.length, answerBytes: 60, seconds }
      const figures = await alternate(context, {
        durable: async () => (await produce(broker.port, { ...load, seconds })).requestsPerSecond / 1000,
        bare: async () => (await socketFlow(peer, bare)).answersPerSecond / 1000,
      })
      return [
        compare({
          what: 'one 100-byte record a request, durable',
          unit: 'k requests/s',
          ours: figures.durable,
          peer: figures.bare,
          peerName: 'bare TCP',
          target: atLeast(100),
        }),
      ]
    } finally {
      await Promise.all([broker.stop(), peer.stop()])
    }
  },
}
