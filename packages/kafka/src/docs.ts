import { neverFlexible } from './codec/schema.ts'
import { errorCodes } from './error-codes.ts'
import { apis } from './messages/index.ts'

/** The APIs that are served, by key, as Markdown: a table of the declarations, then the error codes. */
export function renderProtocolTable(): string {
  return [renderApis(), '', '## Error codes', '', renderErrorCodes()].join('\n')
}

function renderApis(): string {
  const rows = apis.map(api => {
    const [first, last] = api.versions
    const versions = first === last ? `${first}` : `${first}–${last}`
    const flexible = api.flexible === neverFlexible ? 'never' : `${api.flexible}`
    return `| ${api.key} | ${api.name} | ${versions} | ${flexible} | ${api.about} |`
  })
  return ['| key | API | versions | flexible from | what it does |', '|---|---|---|---|---|', ...rows].join('\n')
}

function renderErrorCodes(): string {
  const rows = Object.entries(errorCodes)
    .toSorted(([, a], [, b]) => a.code - b.code)
    .map(([name, { code, retriable, message }]) => `| ${code} | ${name} | ${retriable ? 'yes' : ''} | ${message} |`)
  const introduction = 'The codes that responses carry, and whether clients try again by themselves.'
  return [introduction, '', '| code | name | retriable | meaning |', '|---|---|---|---|', ...rows].join('\n')
}
