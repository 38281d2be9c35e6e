import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'
import { Browser, withoutBrowser } from './support/browser.ts'

const skip = withoutBrowser()
const hostile = '<img src=x onerror="document.title=\'owned\'"><script>document.title = "owned"</script>'
let server: ChronicleProcess
let origin: string

before(async () => {
  server = await startChronicle({ hasEmptyTables: true, env: { BATCH_FLUSH_INTERVAL_MS: '20' } })
  origin = `http://127.0.0.1:${server.httpPort}`
})
after(() => server.stop())

async function send(...events: readonly object[]): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${origin}/api/v1/events`, { method: 'POST', headers, body: JSON.stringify(events) })
  assert.equal(response.status, 202)
}

test('S33: the page has a policy under which nothing but its own files runs', async () => {
  const page = await fetch(`${origin}/traces`)
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';.* frame-ancestors 'none'$/)
  assert.doesNotMatch(policy, /unsafe|\*/)
  const html = await page.text()
  assert.doesNotMatch(html, /<script(?![^>]* src=)|<style| on\w+=/)
  const files = ['page.css', 'page.js', 'dom.js', 'list.js', 'trace.js']
  for (const file of files) {
    const { status, headers } = await fetch(`${origin}/traces/${file}`)
    const type = file.endsWith('css') ? 'text/css' : 'text/javascript'
    assert.deepEqual([status, headers.get('content-type')], [200, `${type}; charset=utf-8`], file)
    assert.equal(headers.get('content-security-policy'), policy)
  }
})

test('S33: a list that is live, a trace with its events, and nothing of an event read as HTML', { skip }, async () => {
  const event = { trace_id: 'a/b ?#', event_type: 'task.created', source: hostile, metadata: { title: hostile } }
  await send(event, { trace_id: 'calm', event_type: 'task.failed', source: 'kai', metadata: { error: hostile } })
  const browser = await Browser.start()
  try {
    await browser.open(`${origin}/traces`)
    await browser.until('document.querySelectorAll("main tbody tr").length === 2')
    await browser.until('document.querySelector("#health").textContent.endsWith("live")')
    await send({ trace_id: 'third', event_type: 'task.created', metadata: { title: 'It came by itself' } })
    await browser.until('document.querySelector("main").innerText.includes("It came by itself")')
    await browser.value('document.querySelector(".choices a[href*=failed]").click()')
    await browser.until('document.querySelectorAll("main tbody tr").length === 1')
    await browser.open(`${origin}/traces#/trace/${encodeURIComponent(event.trace_id)}`)
    await browser.until('document.querySelector("main h2")')
    assert.equal(await browser.value('document.querySelector("main h2").textContent'), hostile)
    await browser.value('document.querySelector("main summary").click()')
    await browser.until('document.querySelector("main pre")')
    await send({ trace_id: event.trace_id, event_type: 'task.started', source: 'kai' })
    await browser.until('document.querySelectorAll("main .event").length === 2 && document.querySelector("main pre")')
    await browser.open(`${origin}/traces#/agents`)
    await browser.until('document.querySelector("main").innerText.includes("kai")')
    assert.equal(await browser.value('document.querySelectorAll("main img, main script").length'), 0)
    assert.equal(await browser.value('document.title'), 'Traces · Chronicle')
    assert.deepEqual(browser.complaints, [])
  } finally {
    await browser.stop()
  }
})
