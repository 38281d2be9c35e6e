import type { ErrorName } from '../../error-codes.ts'
import type { GroupSettings } from '../settings.ts'

/**
 * Members have to name their group. The empty id is a group like any other where only offsets are concerned: clients of old
 * committed under it.
 */
export function groupIdError(settings: GroupSettings, groupId: string, rule: 'named' | 'any'): ErrorName {
  if (groupId.length > settings.nameLengthMax) return 'INVALID_GROUP_ID'
  return groupId === '' && rule === 'named' ? 'INVALID_GROUP_ID' : 'NONE'
}
