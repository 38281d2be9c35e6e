import { api, int16, int32, nullByDefault, since, string } from '../codec/schema.ts'

/** Heartbeat: a group member says that it is alive. Flexible from v4. */
export const heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexible: 4,
  about: 'A group member says that it is alive.',
  request: { groupId: string, generationId: int32, memberId: string, groupInstanceId: since(3, nullByDefault(string)) },
  response: { throttleTimeMs: since(1, int32), errorCode: int16 },
})
