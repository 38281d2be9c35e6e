import { askPacker, packerErrors } from '@chronicle/packer'
import type { PackerPlaces } from '../../packer/places.ts'

/** Whoever is asked answers at once, unless it is stopped or has hung up. */
const answerMsMax = 30_000

/** The answer of the packer that runs on this archive. Rejects with 'packer.not-running' where none does. */
export async function askRunning(
  { socket, basePath }: PackerPlaces,
  request: Parameters<typeof askPacker>[1],
): Promise<Record<string, unknown>> {
  const answer = await askPacker(socket, request, undefined, answerMsMax)
  if (!answer) throw packerErrors.create('packer.not-running', { archive: basePath })
  return answer
}
