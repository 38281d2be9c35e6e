import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ErrorFamily } from '@chronicle/base'
import { cell } from './markdown.ts'

const introduction = `# Errors

Every error that Chronicle raises by itself carries one of these codes. The message says what happened and to what; the code is for programs, the
remedy for people. The same list is what the code is compiled against: a code that is not declared cannot be thrown.
`

/** `docs/errors.md\`: the code, meaning and remedy of every error of every package. */
export async function renderErrors(root: string): Promise<string> {
  const families: ErrorFamily<string>[] = []
  for (const path of globSync('packages/*/src/errors.ts', { cwd: root })) {
    const door: Record<string, unknown> = await import(resolve(root, path))
    families.push(...Object.values(door).filter(isFamily))
  }
  families.sort((a, b) => a.package.localeCompare(b.package))
  return `${introduction}\n${families.map(renderFamily).join('\n')}`
}

function renderFamily(family: ErrorFamily<string>): string {
  const rows = Object.entries(family.specs).map(
    ([code, { summary, remedy }]) => `| \`${code}\` | ${cell(summary)} | ${cell(remedy)} |`,
  )
  return [`## ${family.package}`, '', '| code | meaning | what to do |', '|---|---|---|', ...rows, ''].join('\n')
}

function isFamily(value: unknown): value is ErrorFamily<string> {
  return typeof value === 'object' && value !== null && 'specs' in value && 'package' in value
}
