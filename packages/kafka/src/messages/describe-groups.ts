import { api, array, bool, bytes, int16, int32, nullByDefault, since, string, withDefault } from '../codec/schema.ts'

/** Authorized operations were not asked for. */
const notAsked = -2147483648

/** DescribeGroups: state and members of classic groups. Flexible from v5. v6 answers an unknown group with an error (KIP-1043). */
export const describeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  flexible: 5,
  about: 'State, protocol and members of groups.',
  request: { groups: array(string), includeAuthorizedOperations: since(3, bool) },
  response: {
    throttleTimeMs: since(1, int32),
    groups: array({
      errorCode: int16,
      errorMessage: since(6, nullByDefault(string)),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: array({
        memberId: string,
        groupInstanceId: since(4, nullByDefault(string)),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: since(3, withDefault(notAsked, int32)),
    }),
  },
})
