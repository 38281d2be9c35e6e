import { errorFamily } from '@chronicle/base'

/** Every way in which an object store refuses. */
export const objectErrors = errorFamily('objects', {
  'objects.not-found': {
    summary: 'There is no such object',
    remedy: 'Check the key; somebody may have deleted the object meanwhile.',
  },
  'objects.exists': {
    summary: 'There is an object under this key already',
    remedy: 'Read it: somebody else was first.',
  },
  'objects.changed': {
    summary: 'The object is not the version any more that was to be replaced',
    remedy: 'Read it again, apply the change to what it is now, and try again.',
  },
  'objects.invalid-key': {
    summary: 'The key cannot name an object',
    remedy:
      'Keys are 1 to 1,000 bytes of UTF-8: parts joined by single slashes, none of them empty, "." or "..", without control characters and backslashes, and no key goes on behind another one with a slash.',
  },
  'objects.invalid-range': {
    summary: 'The range does not lie in the object',
    remedy: 'Ask for bytes between 0 and the size that is named.',
  },
  'objects.outcome-unknown': {
    summary: 'The store did not answer: whether the object was stored is not known',
    remedy: 'Read the object back and compare before trying again.',
  },
  'objects.unavailable': {
    summary: 'The store cannot be used',
    remedy: 'Look at the cause: the disk, its permissions and its free space, or the network.',
  },
  'objects.no-space': {
    summary: 'The store is full',
    remedy: 'Free space; nothing of this object was kept.',
  },
  'objects.too-large': {
    summary: 'The object is larger than the reader takes',
    remedy: 'Read it in ranges.',
  },
  'objects.conditions-ignored': {
    summary: 'The store ignores conditions on writes, so two processes could overwrite each other unseen',
    remedy: 'Use a store that honours put-if-absent and put-if-match.',
  },
})
