// A runtime interface client for Node: fetches events from the Runtime API, calls
// the handler that _HANDLER names below LAMBDA_TASK_ROOT, and posts results.

import { existsSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })

function request (method, path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
    const req = http.request({
      host, port, agent, method, path: '/2018-06-01/runtime/' + path, headers: { ...headers, ...length }
    }, res => {
      const chunks = []
      res.on('data', chunk => chunks.push(chunk))
      res.on('end', () => resolve({ headers: res.headers, body: Buffer.concat(chunks).toString() }))
      res.on('error', reject)
    })
    req.on('error', reject)
    req.end(body)
  })
}

function report (path, err) {
  const error = err instanceof Error ? err : { name: typeof err, message: String(err), stack: '' }
  console.error(error.stack || error.message)
  const body = JSON.stringify({
    errorType: error.name, errorMessage: error.message, trace: (error.stack || '').split('\n')
  })
  return request('POST', path, body, { 'Lambda-Runtime-Function-Error-Type': error.name })
}

async function load () {
  const root = process.env.LAMBDA_TASK_ROOT
  const at = process.env._HANDLER.lastIndexOf('/') + 1
  const [file, ...names] = process.env._HANDLER.slice(at).split('.')
  const base = join(root, process.env._HANDLER.slice(0, at), file)
  let module
  if (existsSync(base + '.cjs')) {
    module = createRequire(base)(base + '.cjs')
  } else if (existsSync(base + '.js') || existsSync(base + '.mjs')) {
    const path = existsSync(base + '.js') ? base + '.js' : base + '.mjs'
    module = await import(pathToFileURL(path))
    if (module.default && module[names[0]] === undefined) module = module.default
  } else {
    throw Object.assign(new Error(`Cannot find module '${file}'`), { name: 'Runtime.ImportModuleError' })
  }
  const handler = names.reduce((value, name) => value?.[name], module)
  if (typeof handler !== 'function') {
    throw Object.assign(new Error(`${process.env._HANDLER} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' })
  }
  return handler
}

function contextOf (headers, settle) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  const client = headers['lambda-runtime-client-context']
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    clientContext: client ? JSON.parse(Buffer.from(client, 'base64').toString()) : undefined,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
    done: (err, result) => settle(err, result),
    succeed: result => settle(null, result),
    fail: err => settle(err ?? 'handled')
  }
}

function call (handler, event, headers) {
  return new Promise((resolve, reject) => {
    const settle = (err, result) => err != null ? reject(err) : resolve(result)
    const result = handler(event, contextOf(headers, settle), settle)
    if (typeof result?.then === 'function') {
      result.then(resolve, reject)
    } else if (handler.length < 3 && result !== undefined) {
      resolve(result)
    }
  })
}

let running
function crashed (err) {
  const path = running === undefined ? 'init/error' : `invocation/${running}/error`
  report(path, err).finally(() => process.exit(129))
}
process.on('uncaughtException', crashed)
process.on('unhandledRejection', crashed)

let handler
try {
  handler = await load()
} catch (err) {
  await report('init/error', err)
  process.exit(1)
}

for (;;) {
  const { headers, body } = await request('GET', 'invocation/next')
  const id = headers['lambda-runtime-aws-request-id']
  running = id
  try {
    const result = await call(handler, JSON.parse(body), headers)
    await request('POST', `invocation/${id}/response`, JSON.stringify(result === undefined ? null : result))
  } catch (err) {
    await report(`invocation/${id}/error`, err)
  }
  running = undefined
}
