import { api, array, bytes, int16, int32, nullByDefault, since, string } from '../codec/schema.ts'

/** SyncGroup: the leader hands out assignments, every member receives its own. Flexible from v4. v5 names the protocol (KIP-559). */
export const syncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexible: 4,
  about: 'Hand out and receive the assignments of a generation.',
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullByDefault(string)),
    protocolType: since(5, nullByDefault(string)),
    protocolName: since(5, nullByDefault(string)),
    assignments: array({ memberId: string, assignment: bytes }),
  },
  response: {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
    protocolType: since(5, nullByDefault(string)),
    protocolName: since(5, nullByDefault(string)),
    assignment: bytes,
  },
})
