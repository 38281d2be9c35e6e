import type { Problem, Rule } from '../project.ts'

/** What a comment must not say, and what to do instead. */
const banned: readonly { pattern: RegExp; message: string }[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, message: 'do it, or open an issue: the tree holds no notes to self' },
  { pattern: /\bbiome-ignore\b|\beslint-disable\b/, message: 'a check is switched off by a comment: change the code' },
  { pattern: /@ts-(ignore|nocheck)\b/, message: 'the compiler is switched off: change the code' },
  { pattern: /@ts-expect-error\s*(\*\/)?\s*$/, message: 'say after @ts-expect-error why the error is expected' },
]

export const wordsRule: Rule = {
  name: 'words',
  check(project) {
    const problems: Problem[] = []
    for (const { path, comments } of project.sources.values()) {
      for (const { text, line } of comments) {
        for (const { pattern, message } of banned) if (pattern.test(text)) problems.push({ path, line, message })
      }
    }
    return problems
  },
}
