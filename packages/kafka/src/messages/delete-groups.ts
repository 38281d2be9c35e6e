import { api, array, int16, int32, string } from '../codec/schema.ts'

/** DeleteGroups: forget groups that have no members, with their offsets (KIP-229). Flexible from v2. */
export const deleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexible: 2,
  about: 'Forget groups without members, and their offsets.',
  request: { groupsNames: array(string) },
  response: { throttleTimeMs: int32, results: array({ groupId: string, errorCode: int16 }) },
})
