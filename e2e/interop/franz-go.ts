import { join } from 'node:path'
import { compressionsOf, connectAdapter } from '../clients/adapter.ts'
import type { Driver } from '../clients/client.ts'
import { cache, missingProgram, onceFor, run } from './toolchain.ts'

const sources = join(import.meta.dirname, 'go')
const program = join(cache, 'franz-go-adapter')

function built(): string[] {
  onceFor(join(sources, 'main.go'), program, () => void run('go', ['build', '-o', program, '.'], { cwd: sources }))
  return [program]
}

export const franzGo: Driver = {
  name: 'franz-go',
  missing: () => missingProgram('go', ['version'], 'install Go'),
  lacks: [],
  compressions: () => compressionsOf(built()),
  connect: bootstrap => connectAdapter(built(), bootstrap),
}
