/** Bodies of OpenAPI by their media type. */

export function json(schema: object): { content: object } {
  return { content: { 'application/json': { schema } } }
}

export function plainText(): { content: object } {
  return { content: { 'text/plain': { schema: { type: 'string' } } } }
}

export function binary(): { content: object } {
  return { content: { 'application/octet-stream': { schema: { type: 'string', contentEncoding: 'binary' } } } }
}
