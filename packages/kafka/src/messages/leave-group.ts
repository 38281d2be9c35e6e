import { api, array, int16, int32, nullable, nullByDefault, since, string, until } from '../codec/schema.ts'

/** LeaveGroup: members leave; one up to v2, a list from v3 (KIP-345). Flexible from v4. v5 adds the reason. */
export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexible: 4,
  about: 'Leave a group, or remove its static members.',
  request: {
    groupId: string,
    memberId: until(2, string),
    members: since(
      3,
      array({
        memberId: string,
        groupInstanceId: nullByDefault(string),
        reason: since(5, nullByDefault(string)),
      }),
    ),
  },
  response: {
    throttleTimeMs: since(1, int32),
    errorCode: int16,
    members: since(3, array({ memberId: string, groupInstanceId: nullable(string), errorCode: int16 })),
  },
})
