import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ObjectReader } from '../contract.ts'
import { checkKey } from '../key.ts'
import { getLocal } from './get.ts'
import { listLocal, objectInfo } from './list.ts'
import { pathOf } from './path.ts'

/**
 * The objects in the directory of a local store, for who reads them alone: nothing is made, locked or written, so that a medium which cannot be written serves as well.
 * Processes that have the store open may go on writing. Where there is no such directory there are no objects.
 */
export function localObjectReader(directory: string): ObjectReader {
  const root = resolve(directory)
  const pathOfKey = (key: string) => {
    checkKey(key)
    return pathOf(root, key)
  }
  return {
    location: pathToFileURL(root).href,
    head: async key => objectInfo(key, pathOfKey(key)),
    get: async (key, range) => getLocal(key, pathOfKey(key), range),
    list: (options = {}) => listLocal(root, options),
  }
}
