import { api, array, int16, int32, nullable, nullByDefault, since, string, until, uuid } from '../codec/schema.ts'

/** DeleteTopics: by name up to v5, by name or id from v6 (KIP-516). Flexible from v4. */
export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [0, 6],
  flexible: 4,
  about: 'Delete topics by name or id.',
  request: {
    topics: since(6, array({ name: nullByDefault(string), topicId: uuid })),
    topicNames: until(5, array(string)),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: since(1, int32),
    responses: array({
      name: nullable(string, 6),
      topicId: since(6, uuid),
      errorCode: int16,
      errorMessage: since(5, nullByDefault(string)),
    }),
  },
})
