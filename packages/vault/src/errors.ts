import { errorFamily } from '@chronicle/base'

/** Every way in which the vault refuses. None of them ever carries a secret. */
export const vaultErrors = errorFamily('vault', {
  'vault.not-initialised': {
    summary: 'There is no key store here yet',
    remedy: 'Make one with `chronicle vault init`, or restore the one that belongs to this data.',
  },
  'vault.exists': {
    summary: 'There is a key store already',
    remedy: 'Use it; a second one could not open what the first has sealed.',
  },
  'vault.no-passphrase': {
    summary: 'The key store is locked with a passphrase, and none was given',
    remedy: 'Set CHRONICLE_PASSPHRASE, or run the command on a terminal that can ask for it.',
  },
  'vault.keychain-unavailable': {
    summary: 'The master key is in the keychain of the operating system, which does not answer',
    remedy: 'Unlock the keychain, or run as the user who owns it.',
  },
  'vault.master-missing': {
    summary: 'The master key is not where it was kept',
    remedy: 'Restore it from your copy. Without it nothing that was sealed can be opened.',
  },
  'vault.key-file-exposed': {
    summary: 'Others than the owner may read the key file',
    remedy: 'Run `chmod 600` on it, and change the master with `chronicle vault rewrap` if somebody may have read it.',
  },
  'vault.wrong-master': {
    summary: 'The master key does not open this key store',
    remedy: 'Give the passphrase or key file that this key store was made with; its status names the kind.',
  },
  'vault.key-not-found': {
    summary: 'The key that this was sealed with is not in the key store',
    remedy: 'Use the key store that belongs to these data; the id of the key is named.',
  },
  'vault.key-destroyed': {
    summary: 'The key that this was sealed with was destroyed',
    remedy:
      'Nothing can open it any more: that is what destroying a key is for. The audit log says who did it and when.',
  },
  'vault.store-changed': {
    summary: 'Somebody else changed the key store at the same time',
    remedy: 'Try again.',
  },
  'vault.damaged': {
    summary: 'A record of the key store is damaged, and so is its copy',
    remedy: 'Restore the named record from a backup of the key store.',
  },
  'vault.closed': {
    summary: 'The key store was closed',
    remedy: 'Open it again; this handle cannot be used any more.',
  },
  'vault.audit-failed': {
    summary: 'The audit log cannot be written, so nothing that it has to say is done',
    remedy: 'Look at the cause and at the disk; it is tried again with the next event.',
  },
  'vault.newer-version': {
    summary: 'This was written by a newer version',
    remedy: 'Use that version, or a later one.',
  },
  'vault.invalid-argument': {
    summary: 'An argument is not accepted',
    remedy: 'Give what is accepted: it is named.',
  },
  'vault.not-sealed': {
    summary: 'These bytes are not something that Chronicle sealed',
    remedy: 'Check that this is the right file, and that it is whole from its first byte.',
  },
  'vault.truncated': {
    summary: 'The end is missing',
    remedy: 'Fetch the whole file again or restore it from a copy.',
  },
  'vault.tampered': {
    summary: 'The bytes are not the ones that were sealed, or were sealed for another place or with another key',
    remedy: 'Do not use them. Restore the file from a copy and find out who could write to it.',
  },
  'vault.invalid-note': {
    summary: 'This does not have the form of a signed note, checkpoint or proof',
    remedy: 'Give the checkpoint or proof as it was written, without a change.',
  },
  'vault.invalid-signature': {
    summary: 'The signature is not by the key that is trusted',
    remedy: 'Check the public key. If it is the right one, this note was not signed by its owner: do not believe it.',
  },
  'vault.invalid-proof': {
    summary: 'The proof does not prove it',
    remedy: 'Do not believe it. Ask for a fresh proof; if that fails as well, something was changed.',
  },
  'vault.tile-missing': {
    summary: 'A part of the tree is missing',
    remedy: 'Restore the named tile from a copy; it can be computed again from the entries.',
  },
  'vault.tree-damaged': {
    summary: 'A part of the tree is not as it was written',
    remedy: 'Restore the named part from a copy; tiles can be computed again from the entries.',
  },
  'vault.too-much-unflushed': {
    summary: 'As many leaves wait to be flushed as the tree keeps in memory',
    remedy: 'Flush the tree, then append; nothing of this was appended.',
  },
  'vault.not-canonical': {
    summary: 'The value has no canonical JSON form',
    remedy:
      'Use null, booleans, finite numbers, whole strings, arrays and plain objects, within the limits; the place is named.',
  },
  'vault.witness-refused': {
    summary: 'The witness did not cosign',
    remedy: 'Look at what it answered; the checkpoint is valid without it and is offered again later.',
  },
})
