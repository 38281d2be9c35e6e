import { parseVkey, type VerifiedCheckpoint, verifyCheckpoint } from '@chronicle/vault'
import { count, moment, plural } from '../format.ts'
import { type Check, checked, refused, valid } from './finding.ts'
import type { Trust } from './trust.ts'

/** The signatures of a checkpoint: that of the log, and those of the witnesses that are trusted. */
export async function checkSignatures(
  note: string | Uint8Array,
  trust: Trust,
): Promise<{ checks: Check[]; checkpoint: VerifiedCheckpoint | undefined }> {
  const { logKeys, logKeysFrom, witnessKeys } = trust
  // Whoever of the witnesses has cosigned; how many are enough is looked at below.
  const verify = () => verifyCheckpoint(note, { logKeys, witnessKeys, witnessesMin: 0 })
  const signer = ({ signedBy }: VerifiedCheckpoint) => signedBy.map(name => keyInWords(name, logKeys)).join(', ')
  const { check, result } = await checked(
    'the checkpoint is signed',
    verify,
    each => `by ${signer(each)}, ${logKeysFrom}`,
  )
  if (!result || witnessKeys.length === 0) return { checks: [check], checkpoint: result }
  return { checks: [check, ...witnessChecks(result, trust)], checkpoint: result }
}

function witnessChecks({ witnesses }: VerifiedCheckpoint, { witnessKeys, quorum }: Trust): Check[] {
  const seen = witnesses.map(({ name, timeSeconds }) => valid(`cosigned by ${name}`, moment(timeSeconds * 1000)))
  if (witnesses.length >= quorum) return seen
  const found = `${count(witnesses.length)} of ${plural(witnessKeys.length, 'trusted witness', 'trusted witnesses')} cosigned, ${count(quorum)} needed`
  const remedy =
    'Ask for the proof again: cosignatures come after the checkpoint. Do not lower the quorum because of it.'
  return [...seen, refused('enough witnesses cosigned', found, remedy)]
}

function keyInWords(name: string, vkeys: readonly string[]): string {
  const key = vkeys.map(parseVkey).find(each => each.name === name)
  return key ? `${name} (Ed25519, key ${key.keyHash})` : name
}

/** What a signature says of the tree, and what it never says. */
export function whatSignaturesProve(
  { witnesses }: VerifiedCheckpoint,
  { logKeysFrom }: Trust,
): {
  proves: string[]
  doesNotProve: string[]
} {
  const names = witnesses.map(({ name }) => name).join(', ')
  const earliest = Math.min(...witnesses.map(({ timeSeconds }) => timeSeconds))
  return {
    proves:
      witnesses.length === 0
        ? []
        : [
            `It was there at ${moment(earliest * 1000)}: ${names} saw it, and it agrees with every tree of this origin they had seen before.`,
          ],
    doesNotProve: [
      ...(witnesses.length === 0
        ? [
            'When it was made: the signature carries no time.',
            'That everybody is shown the same tree: cosignatures of witnesses (--witness) would say so.',
          ]
        : []),
      'What came later, or that what was recorded is true.',
      `That the key is the right one: it is trusted because it was ${logKeysFrom}.`,
    ],
  }
}
