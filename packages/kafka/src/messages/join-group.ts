import {
  api,
  array,
  bool,
  bytes,
  int16,
  int32,
  nullable,
  nullByDefault,
  since,
  string,
  withDefault,
} from '../codec/schema.ts'

/**
 * JoinGroup: a member joins a classic group and waits for its next generation. Flexible from v6. v0 has no rebalance time-out
 * (−1: the session's holds), v4 requires a member id first (KIP-394), v5 static members (KIP-345), v9 lets the leader skip
 * assigning (KIP-814).
 */
export const joinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexible: 6,
  about: 'Join a classic group; answered when its next generation begins.',
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: since(1, withDefault(-1, int32)),
    memberId: string,
    groupInstanceId: since(5, nullByDefault(string)),
    protocolType: string,
    protocols: array({ name: string, metadata: bytes }),
    reason: since(8, nullByDefault(string)),
  },
  response: {
    throttleTimeMs: since(2, int32),
    errorCode: int16,
    generationId: withDefault(-1, int32),
    protocolType: since(7, nullByDefault(string)),
    protocolName: nullable(string, 7),
    leader: string,
    skipAssignment: since(9, bool),
    memberId: string,
    members: array({ memberId: string, groupInstanceId: since(5, nullByDefault(string)), metadata: bytes }),
  },
})
