/** `npm run check`: types, lint and format, tidy, and whether the generated documents are fresh. One line a step; a step that fails is printed in full. */
import { spawnSync } from 'node:child_process'

const steps: readonly { name: string; command: readonly string[] }[] = [
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint and format', command: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'] },
  { name: 'tidy', command: ['tools/tidy.ts'] },
  { name: 'generated documents', command: ['tools/docs.ts', '--check'] },
]

let failed = 0
for (const { name, command } of steps) {
  const startedAt = performance.now()
  const { status, stdout, stderr, error } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${status === 0 ? '✔' : '✖'} ${name}  ${seconds} s`)
  if (status === 0) continue
  failed++
  console.log(`${stdout}${stderr}${error ?? ''}`)
}
if (failed > 0) {
  console.log(`${failed} of ${steps.length} checks failed`)
  process.exitCode = 1
}
