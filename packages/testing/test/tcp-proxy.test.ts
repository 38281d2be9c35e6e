import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { startTcpProxy, type TcpProxy } from '../src/index.ts'

test('passes everything on, in both directions, to the end', async t => {
  const { proxy } = await proxied(t)
  const client = connect({ port: proxy.port, allowHalfOpen: true })
  const sent = Buffer.alloc(3_000_000, 'chronicle')
  client.end(sent)
  const pieces: Buffer[] = []
  for await (const piece of client) pieces.push(piece)
  assert.ok(Buffer.concat(pieces).equals(sent))
})

test('a cut breaks what is open on both sides, and lets new connections through', async t => {
  const { proxy, served } = await proxied(t)
  const client = await answered(proxy)
  assert.equal(proxy.connections, 1)
  const serverSide = new Promise(resolve => served[0]!.once('close', resolve))
  const clientSide = once(client, 'error')
  proxy.cut()
  assert.equal((await clientSide)[0].code, 'ECONNRESET')
  await serverSide
  assert.equal(proxy.connections, 0)
  await answered(proxy)
})

test('shut, it resets who comes; open again, it does not', async t => {
  const { proxy } = await proxied(t)
  proxy.shut()
  const refused = connect(proxy.port)
  refused.write('hello')
  assert.equal((await once(refused, 'error'))[0].code, 'ECONNRESET')
  proxy.open()
  await answered(proxy)
})

test('held, it passes nothing on, and loses nothing', async t => {
  const { proxy } = await proxied(t)
  const client = await answered(proxy)
  proxy.hold()
  let heard = false
  const answers = [client, connect(proxy.port).on('error', () => undefined)].map(async (socket, index) => {
    socket.write(`${index} while held`)
    const [answer] = await once(socket, 'data')
    heard = true
    return `${answer}`
  })
  await new Promise(resolve => setTimeout(resolve, 50))
  assert.equal(heard, false)
  proxy.release()
  assert.deepEqual(await Promise.all(answers), ['0 while held', '1 while held'])
})

test('a server that is not there is a reset', async t => {
  const { proxy, server } = await proxied(t)
  await new Promise(resolve => server.close(resolve))
  const client = connect(proxy.port)
  assert.equal((await once(client, 'error'))[0].code, 'ECONNRESET')
})

/** A proxy before a server that says again what it is told. */
async function proxied(t: TestContext): Promise<{ proxy: TcpProxy; server: Server; served: Socket[] }> {
  const served: Socket[] = []
  const server = createServer(socket => {
    served.push(socket.on('error', () => undefined))
    socket.pipe(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const proxy = await startTcpProxy((server.address() as AddressInfo).port)
  t.after(async () => {
    await proxy.close()
    server.close()
  })
  return { proxy, server, served }
}

/** A connection over which one answer has come. */
async function answered(proxy: TcpProxy): Promise<Socket> {
  const client = connect(proxy.port).on('error', () => undefined)
  client.write('hello')
  assert.equal(`${(await once(client, 'data'))[0]}`, 'hello')
  return client
}
