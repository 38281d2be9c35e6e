import { logErrors } from './errors.ts'

const nameCharactersMax = 249
/** Names that other systems of this kind, or later versions of this one, keep their own records under. */
const reserved = new Set([
  '__meta',
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
  '__cluster_metadata',
])

/** Throws 'log.invalid-topic' unless `name` follows Kafka's rules and collides with none of `existing` as metric names do (`a.b`, `a_b`). */
export function checkTopicName(name: string, collidesWith: (form: string) => string | undefined): void {
  const refuse = (reason: string) => logErrors.create('log.invalid-topic', { topic: name.slice(0, 300), reason })
  if (name.length === 0) throw refuse('it is empty')
  if (name.length > nameCharactersMax) throw refuse(`it has more than ${nameCharactersMax} characters`)
  if (name === '.' || name === '..') throw refuse('it is . or ..')
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) throw refuse('it has a character other than a-z A-Z 0-9 . _ -')
  if (reserved.has(name)) throw refuse('it is reserved for internal use')
  const other = collidesWith(collisionForm(name))
  if (other !== undefined && other !== name)
    throw refuse(`it collides with the topic ${other}: . and _ look alike in metric names`)
}

/** Names of the same form collide. */
export function collisionForm(name: string): string {
  return name.replaceAll('.', '_')
}
