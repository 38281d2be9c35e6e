import type { Clock } from '@chronicle/base'
import { encodeRecord, type Log, logErrors, type Partition } from '@chronicle/log'
import type { RootListener } from '@chronicle/sessions'
import { serverErrors } from '../errors.ts'

/** Roots are what proofs hang on: they are kept however old they get. */
const topicConfigs = { 'retention.ms': '-1', 'retention.bytes': '-1' }

/**
 * Writes the root of every finalised session to `topic` as one record: the key is the session id, the value JSON with session_id, merkle_root, tree_size and
 * checkpoint. It resolves once the record is durable; a rejection makes sessions come again, so that each root is written at least once (S7).
 */
export function rootsToTopic(log: Log, topic: string, clock: Clock): RootListener {
  return async root => {
    if (!root.finalized) return
    const { sessionId, merkleRoot, treeSize, checkpoint } = root
    const value = { session_id: sessionId, merkle_root: merkleRoot, tree_size: treeSize, checkpoint }
    const partition = await partitionOf(log, topic)
    const record = encodeRecord(Buffer.from(sessionId), Buffer.from(JSON.stringify(value)), clock.now())
    await partition.append(record).durable
  }
}

/** The first partition; the topic is made when it is missing. */
async function partitionOf(log: Log, topic: string): Promise<Partition> {
  if (log.topic(topic) === undefined) {
    try {
      await log.createTopic({ name: topic, partitions: 1, configs: topicConfigs })
    } catch (error) {
      // Another root made it meanwhile.
      if (!logErrors.is(error) || error.code !== 'log.topic-exists') throw error
    }
  }
  const partition = log.partition(topic, 0)
  if (partition === undefined) throw serverErrors.create('server.topic-not-found', { topic })
  return partition
}
