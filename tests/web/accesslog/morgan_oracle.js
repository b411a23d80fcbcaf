// Answers each line of JSON on stdin, a format and an exchange, with the line that morgan writes, as JSON too.
// Or, as `node morgan_oracle.js serve FORMAT`, is a server that logs: see `answer`.
'use strict'
const http = require('http')
const path = require('path')
const readline = require('readline')

// Before morgan is read: it takes these when it is called.
const RealDate = Date
const realHrtime = process.hrtime
let now = 0
let clock = [0, 0]

const morgan = require(path.join(process.cwd(), 'node_modules', 'morgan'))

function request (asked) {
  const headers = {}
  const merging = new http.IncomingMessage(null)
  for (const [name, value] of asked.headers) merging._addHeaderLine(name, value, headers)
  return {
    headers,
    method: asked.method,
    url: asked.url,
    ip: asked.ip,
    httpVersionMajor: asked.version[0],
    httpVersionMinor: asked.version[1],
    _startAt: asked.started
  }
}

function response (asked) {
  const headers = {}
  for (const [name, value] of asked.responseHeaders) {
    const key = name.toLowerCase()
    headers[key] = key in headers ? [].concat(headers[key], value) : value
  }
  return {
    headersSent: asked.status !== 0,
    statusCode: asked.status,
    getHeader: name => headers[name.toLowerCase()],
    _startAt: asked.responded
  }
}

function line (asked) {
  now = asked.now
  clock = asked.ended
  const named = morgan[asked.format]
  const format = typeof named === 'function' && asked.named ? named : morgan.compile(asked.named ? named : asked.format)
  return format(morgan, request(asked), response(asked))
}

function ask () {
  global.Date = class extends RealDate { constructor () { super(now) } }
  process.hrtime = since => {
    const seconds = clock[0] - since[0]
    const nanoseconds = clock[1] - since[1]
    return nanoseconds < 0 ? [seconds - 1, nanoseconds + 1e9] : [seconds, nanoseconds]
  }
  readline.createInterface({ input: process.stdin }).on('line', text => {
    let answer
    try {
      answer = { line: line(JSON.parse(text)) }
    } catch (error) {
      answer = { error: String(error) }
    }
    process.stdout.write(JSON.stringify(answer) + '\n')
  })
}

function answer (request, response) {
  const body = Buffer.from('hello')
  if (request.url.startsWith('/missing')) response.statusCode = 404
  if (request.url.startsWith('/several')) response.setHeader('X-Part', ['a', 'b'])
  response.setHeader('Content-Length', String(body.length))
  response.end(body)
}

function serve (format) {
  process.hrtime = realHrtime
  const log = morgan(format)
  const server = http.createServer((request, response) => log(request, response, () => answer(request, response)))
  server.listen(0, '127.0.0.1', () => console.log(server.address().port))
  process.stdin.resume().on('end', () => process.exit())
}

process.argv[2] === 'serve' ? serve(process.argv[3]) : ask()
