import type { Partition } from '@chronicle/log'
import { ErrorCode } from '../error-codes.ts'

/** The client knows no leader epoch. */
const noEpoch = -1

/** What to say to a client that takes `currentLeaderEpoch` for the partition's (KIP-320): NONE when it is right or unknown. */
export function epochError(partition: Partition, currentLeaderEpoch: number): number {
  if (currentLeaderEpoch === noEpoch || currentLeaderEpoch === partition.leaderEpoch) return ErrorCode.NONE
  return currentLeaderEpoch < partition.leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH
}
