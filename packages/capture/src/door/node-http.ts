/**
 * What the door needs of Node's HTTP. To import `node:http` in an ES module evaluates all that it exports, and with it loads TLS, HTTP/2 and a client of WebSockets: 12 MB in every
 * program that embeds capture, and nothing here uses them.
 */
export const { createServer, request } = process.getBuiltinModule('node:http')
