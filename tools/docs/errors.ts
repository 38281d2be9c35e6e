import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ErrorFamily } from '@chronicle/base'

/** The code, meaning and remedy of every error of every package. */
export async function renderErrors(root: string): Promise<string> {
  const families: ErrorFamily<string>[] = []
  for (const path of globSync('packages/*/src/errors.ts', { cwd: root })) {
    const module: Record<string, unknown> = await import(resolve(root, path))
    families.push(...Object.values(module).filter(isFamily))
  }
  families.sort((a, b) => a.package.localeCompare(b.package))
  return families.map(renderFamily).join('\n\n')
}

function renderFamily(family: ErrorFamily<string>): string {
  const rows = Object.entries(family.specs).map(
    ([code, { summary, remedy }]) => `| \`${code}\` | ${cell(summary)} | ${cell(remedy)} |`,
  )
  return [`## ${family.package}`, '', '| code | meaning | what to do |', '|---|---|---|', ...rows].join('\n')
}

/** One line, bars escaped. */
function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replace(/\|/g, '\\|')
}

function isFamily(value: unknown): value is ErrorFamily<string> {
  return typeof value === 'object' && value !== null && 'specs' in value && 'package' in value
}
