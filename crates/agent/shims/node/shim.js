// Nova's shim for Node.js >= 18: loads one handler and calls it for the agent.
//
//   node --no-warnings /nova/shim.js     (no V8 flags: they make its start-up snapshot useless)
//
// Descriptor 3 is a stream socket to the agent; stdin is /dev/null; stdout and stderr are
// log lines. Frames both ways: 4-byte big-endian length + JSON object, `type` first, at
// most 8 MiB. 1 Init, 2 Exec, 3 Resp, 4 ready, 5 Stop, 6 Cancel (ignored), 7 Stream.
// A frame that is none ends the process with code 70 and a line on stderr.
//
// How a handler answers
//   promise                      its value
//   value                        that value
//   nothing, (event)             null
//   nothing, (event, context[, callback])   callback, context.done/succeed/fail; null once
//                                the event loop has nothing more to do
//   generator, async generator, any async iterable (streams): each item is one chunk.
//   context.write(x) is a chunk at once; it returns a promise to wait for when much is written.
// With stream=true chunks are sent as they come (string as UTF-8, Uint8Array as it is,
// everything else as JSON; null and undefined are none), a plain result is one chunk, and
// the Resp has null (with whole=true besides, a result without any chunk is the Resp's all the
// same). Else the chunks are joined to one JSON string, bytes only if UTF-8.
// An answer is sent at once, whatever the handler left running
// (`callbackWaitsForEmptyEventLoop` is there and changes nothing).
//
// Any number of calls run at once. TRACEPARENT, TRACESTATE and NOVA_STREAMING are in
// process.env (a Proxy then) for calls of concurrency 1; with more they are in `context` only.
// An exception or rejection that nobody catches fails the call it belongs to: the only one
// running, or the one AsyncLocalStorage names; if that is unknown, all. With no call
// running the process ends with code 1 as Node.js does.
//
// Measured by tests/starts.py (Node.js 20.20, 2 cores shared with builds, 200 starts, medians):
// spawn to ready 44.6 ms (53.6 with a V8 flag), 37 MiB; Init and first call 2.8 ms (CommonJS).
'use strict';

const net = require('net');

const FRAME_MAX = 8 * 1024 * 1024;
const READ_SIZE = 64 * 1024;
const PIECE_MAX = 64 * 1024;
const MESSAGE_MAX = 32 * 1024;
const FRAMES_SHOWN = 40;
// How long nothing must happen before more is set up.
const IDLE_MS = 200;

class ResponseError extends TypeError {}
class TooLarge extends Error {}
class LoadError extends Error {}

let socket;
/** Calls in flight by request id. */
const running = new Map();
let handler = null;
let callStyle = 0;
let concurrency = 1;
let storage = null;
let functionInfo = {};
let variablesSet = false;
let initError = null;
/** 0 before Init, 1 loading, 2 serving */
let phase = 0;
const early = [];

// ---- frames ------------------------------------------------------------------

function die(why) {
  try {
    require('fs').writeSync(2, `nova: the channel to the agent is broken: ${why}\n`);
  } finally {
    process.reallyExit(70);
  }
}

/** Sends one frame; false means: wait for `drain` before sending more. */
function send(text) {
  const size = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(4 + size);
  frame.writeUInt32BE(size, 0);
  frame.write(text, 4, 'utf8');
  return socket.write(frame);
}

let pending = null; // the start of a frame that is not whole yet
let pendingSize = 0; // bytes of `pending` that are filled

/** Takes what was read; calls `onFrame` for each whole frame. */
function feed(data) {
  while (data.length > 0) {
    if (pending === null) {
      if (data.length >= 4) {
        const size = checked(data.readUInt32BE(0));
        if (data.length >= 4 + size) {
          onFrame(data.toString('utf8', 4, 4 + size));
          data = data.subarray(4 + size);
          continue;
        }
        pending = Buffer.allocUnsafe(4 + size);
      } else {
        pending = Buffer.allocUnsafe(4);
      }
      pendingSize = 0;
    }
    const count = Math.min(pending.length - pendingSize, data.length);
    data.copy(pending, pendingSize, 0, count);
    pendingSize += count;
    data = data.subarray(count);
    if (pendingSize < pending.length) return;
    if (pending.length === 4) {
      const head = pending;
      pending = Buffer.allocUnsafe(4 + checked(head.readUInt32BE(0)));
      head.copy(pending);
      continue;
    }
    const body = pending;
    pending = null;
    onFrame(body.toString('utf8', 4));
  }
}

function checked(size) {
  if (size === 0 || size > FRAME_MAX) die(`frame of ${size} bytes, allowed are 1 to ${FRAME_MAX}`);
  return size;
}

function onFrame(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch (error) {
    return unreadable(text, error);
  }
  switch (message === null ? undefined : message.type) {
    case 2:
      if (typeof message.request_id !== 'string' || message.input === undefined) die('an Exec without fields');
      if (phase === 2) onExec(message);
      else if (phase === 1) early.push(message);
      else die('a call came before Init');
      return;
    case 1:
      if (phase !== 0) die('a second Init');
      phase = 1;
      initialise(message);
      return;
    case 4:
      send('{"type":4}');
      return;
    case 5:
      process.reallyExit(0);
      return;
    case 6:
      return;
    default:
      die(`message type ${message === null ? message : message.type}`);
  }
}

/** An event that cannot be held fails its call; anything else ends the process. */
function unreadable(text, error) {
  const found = /^\{"type":2,"request_id":"([^"\\]+)"/.exec(text.slice(0, 4096));
  if (!found) die(String(error.message).slice(0, 200));
  const deep = error instanceof RangeError;
  const why = deep ? 'the event is nested too deeply' : `the event cannot be read: ${error.message}`;
  sendError(found[1], { kind: 'error', type: 'EventError', message: why, stack: [] });
}

// ---- errors ------------------------------------------------------------------

/** Well-formed and bounded text, which is all that the agent takes. */
function clean(text, max = MESSAGE_MAX) {
  if (text.length > max) text = text.slice(0, max) + ' ..';
  return Buffer.from(text, 'utf8').toString('utf8');
}

function sendError(id, error) {
  error.type = clean(error.type, 200);
  error.message = clean(error.message);
  error.stack = error.stack.map((line) => clean(line, 1000));
  send(`{"type":3,"request_id":${JSON.stringify(id)},"error":${JSON.stringify(error)}}`);
}

/** `at f (file:///code/a.mjs:1:2)` as `/code/a.mjs:1 in f: source line`; null for frames that are not the user's. */
function frameText(line) {
  const found = /^\s*at (?:(.*?) \()?((?:file:\/\/|\/)[^()]*?):(\d+)(?::\d+)?\)?$/.exec(line);
  if (!found) return null;
  const file = plainPath(found[2]);
  if (file === __filename) return null;
  const name = (found[1] || '<module>').replace(/^Object\.<anonymous>$|^async /, (m) => (m === 'async ' ? '' : '<module>'));
  const source = sourceLine(file, Number(found[3]));
  return `${file}:${found[3]} in ${name}${source ? ': ' + source : ''}`;
}

function plainPath(file) {
  if (!file.startsWith('file://')) return file;
  try {
    return require('url').fileURLToPath(file.split('?')[0]);
  } catch {
    return file;
  }
}

function sourceLine(file, number) {
  try {
    const fs = require('fs');
    if (fs.statSync(file).size > 4 * 1024 * 1024) return '';
    return (fs.readFileSync(file, 'utf8').split('\n')[number - 1] || '').trim().slice(0, 200);
  } catch {
    return '';
  }
}

function property(error, name) {
  try {
    const value = error[name];
    return value === undefined || value === null ? '' : String(value);
  } catch {
    return '';
  }
}

/** What user code threw, as the agent's error object. */
function explain(error) {
  if (error === null || (typeof error !== 'object' && typeof error !== 'function')) {
    return { kind: 'error', type: 'Error', message: String(error), stack: [] };
  }
  const text = property(error, 'stack');
  const type = property(error, 'name') || (error.constructor && error.constructor.name) || 'Error';
  const isError = error instanceof Error || text !== '';
  let message = isError ? property(error, 'message') : plainText(error);
  const lines = text.split('\n');
  // Only what follows the message: a message may look like a frame.
  const first = lines.findIndex((line) => /^\s+at /.test(line));
  const frames = (first < 0 ? [] : lines.slice(first)).map(frameText).filter((frame) => frame !== null);
  const stack = frames.slice(0, FRAMES_SHOWN).reverse();
  if (type === 'SyntaxError') {
    // The file and line of a syntax error stand before the message.
    const where = /^((?:file:\/\/)?\/.*):(\d+)$/.exec(lines[0]);
    const place = where ? { file: plainPath(where[1]), line: Number(where[2]) } : error.novaPlace;
    if (place && place.file !== __filename) {
      const source = sourceLine(place.file, place.line);
      stack.push(`${place.file}:${place.line} in <module>${source ? ': ' + source : ''}`);
    }
    if (/import statement outside a module|Unexpected token 'export'|await is only valid/.test(message)) {
      message += ' (for an ES module name the file .mjs, or put "type": "module" in package.json)';
    }
  }
  if (error.cause !== undefined && error.cause !== null) {
    const cause = error.cause;
    stack.push(`caused by ${property(cause, 'name') || 'Error'}: ${property(cause, 'message') || String(cause)}`);
  }
  return { kind: 'error', type, message, stack };
}

function plainText(value) {
  try {
    return JSON.stringify(value) || String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

// ---- results -----------------------------------------------------------------

/** JSON of what user code gave, or a ResponseError that says why there is none. */
function toJson(value) {
  if (value === undefined) return 'null';
  if (typeof value === 'object' && value !== null && ArrayBuffer.isView(value)) {
    throw new ResponseError("bytes are not JSON; encode them: buffer.toString('base64')");
  }
  let text;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const why = error instanceof RangeError ? 'it is nested too deeply or too long' : error && error.message;
    throw new ResponseError(`the response is not JSON: ${why}`);
  }
  if (text === undefined) throw new ResponseError(`a value of type \`${typeof value}\` is not JSON; return an object, array, string, number, boolean or null`);
  return text;
}

function chunkBytes(item) {
  if (typeof item === 'string') return Buffer.from(item, 'utf8');
  if (ArrayBuffer.isView(item)) return Buffer.from(item.buffer, item.byteOffset, item.byteLength);
  return Buffer.from(toJson(item), 'utf8');
}

/** One call: its state and what it does with chunks and the result. */
class Call {
  constructor(message) {
    this.id = message.request_id;
    this.quoted = JSON.stringify(message.request_id);
    this.streaming = message.stream === true;
    this.whole = message.whole === true;
    this.wrote = false;
    this.chunks = null;
    this.size = 0;
    this.over = false;
  }

  /** Sends or keeps a chunk; a promise if the agent must catch up first. */
  write(item) {
    if (this.over) throw new Error('this call is over, nothing more can be written');
    if (item === undefined || item === null) return undefined;
    const data = chunkBytes(item);
    if (!this.streaming) {
      this.size += data.length;
      if (this.size > FRAME_MAX) {
        throw new TooLarge(`the chunks of the response are longer than ${FRAME_MAX} bytes; call it streaming`);
      }
      // A copy: the handler may use its buffer again.
      (this.chunks ??= []).push(Buffer.from(data));
      return undefined;
    }
    this.wrote = true;
    let flowing = true;
    for (let start = 0; start < data.length; start += PIECE_MAX) {
      const piece = data.toString('base64', start, Math.min(start + PIECE_MAX, data.length));
      flowing = send(`{"type":7,"request_id":${this.quoted},"data":"${piece}","is_last":false}`);
    }
    return flowing ? undefined : drained();
  }

  async iterate(items) {
    for await (const item of items) {
      const wait = this.write(item);
      if (wait !== undefined) await wait;
      if (this.over) return;
    }
    this.end(undefined, true);
  }

  /** Takes what the handler gave in the end. */
  settle(result) {
    if (this.over) return;
    if (typeof result === 'object' && result !== null && isStream(result)) {
      this.iterate(result).catch((error) => this.fail(error));
      return;
    }
    this.end(result, false);
  }

  /** Answers; `iterated` says that `result` was chunks, which are written. */
  end(result, iterated) {
    if (this.over) return;
    let text;
    try {
      if (this.streaming && !(this.whole && !iterated && !this.wrote)) {
        this.write(result);
        text = 'null';
      } else if (!this.streaming && (iterated || this.chunks !== null)) {
        this.write(result);
        text = this.joined();
      } else {
        text = toJson(result);
      }
      // At most 3 bytes a unit: the exact count is needed for long answers only.
      if (text.length * 3 > FRAME_MAX && Buffer.byteLength(text) > FRAME_MAX - 200) {
        throw new TooLarge(`the response is ${Buffer.byteLength(text)} bytes, a frame takes ${FRAME_MAX}; call it streaming`);
      }
    } catch (error) {
      return this.fail(error);
    }
    this.close();
    send(`{"type":3,"request_id":${this.quoted},"output":${text}}`);
  }

  joined() {
    try {
      return JSON.stringify(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(this.chunks || [])));
    } catch {
      throw new ResponseError(
        'the chunks of the response are binary, which JSON cannot hold; call it streaming, or base64-encode the data',
      );
    }
  }

  fail(error) {
    if (this.over) return;
    this.close();
    if (error instanceof TooLarge) {
      sendError(this.id, { kind: 'bad_response', type: 'ResponseTooLarge', message: error.message, stack: [] });
    } else if (error instanceof ResponseError) {
      sendError(this.id, { kind: 'bad_response', type: 'ResponseError', message: error.message, stack: [] });
    } else {
      sendError(this.id, explain(error));
    }
  }

  close() {
    this.over = true;
    running.delete(this.id);
    if (this.waits) {
      this.waits = false;
      socket.ref();
    }
  }
}

function isStream(value) {
  return (
    typeof value[Symbol.asyncIterator] === 'function' ||
    (typeof value.next === 'function' && typeof value[Symbol.iterator] === 'function')
  );
}

let draining = null;
function drained() {
  draining ??= new Promise((resolve) => {
    socket.once('drain', () => {
      draining = null;
      resolve();
    });
  });
  return draining;
}

// ---- context -----------------------------------------------------------------

/** What a handler knows about its call, under Nova's names and those of AWS Lambda. */
class Context {
  #call;
  #deadline;

  constructor(call, message) {
    this.#call = call;
    this.#deadline = message.deadline_ms;
    this.request_id = this.awsRequestId = message.request_id;
    this.streaming = call.streaming;
    this.traceparent = message.traceparent;
    this.tracestate = message.tracestate;
    this.callbackWaitsForEmptyEventLoop = false;
    if (message.client_context !== undefined) this.clientContext = this.client_context = JSON.parse(message.client_context);
  }

  get function_name() { return functionInfo.name; }
  get functionName() { return functionInfo.name; }
  get function_version() { return functionInfo.version; }
  get functionVersion() { return functionInfo.version; }
  get memory_limit_mb() { return functionInfo.memory; }
  get memoryLimitInMB() { return String(functionInfo.memory); }
  get invokedFunctionArn() { return functionInfo.arn; }
  get logGroupName() { return `/nova/functions/${functionInfo.name}`; }
  get logStreamName() { return functionInfo.version; }

  /** Milliseconds until the call is ended, at least 0. */
  remaining_time_ms() { return Math.max(0, Math.floor(this.#deadline - Date.now())); }
  getRemainingTimeInMillis() { return this.remaining_time_ms(); }

  /** Sends a chunk; the promise is fulfilled when more may be written. */
  write(data) { return Promise.resolve(this.#call.write(data)); }

  succeed(result) { this.#call.settle(result); }
  fail(error) { this.#call.fail(error === undefined || error === null ? new Error('handler called fail()') : error); }
  done(error, result) {
    if (error === undefined || error === null) this.#call.settle(result);
    else this.#call.fail(error);
  }
}

// ---- calls -------------------------------------------------------------------

function onExec(message) {
  if (initError !== null) {
    sendError(message.request_id, { kind: 'init', type: 'InitError', message: 'the function could not be loaded', stack: [] });
    return;
  }
  if (concurrency === 1 && (variablesSet || message.stream || message.traceparent || message.tracestate)) setVariables(message);
  const call = new Call(message);
  running.set(call.id, call);
  if (storage === null) invoke(call, message);
  else storage.run(call, invoke, call, message);
}

function invoke(call, message) {
  const context = new Context(call, message);
  try {
    let result;
    if (callStyle > 2) {
      const callback = (error, value) => context.done(error, value);
      result = handler(message.input, context, callback);
    } else {
      result = handler(message.input, context);
    }
    if (result === undefined && callStyle >= 2) {
      waitForCallback(call);
    } else if (result !== null && typeof result === 'object' && typeof result.then === 'function') {
      result.then((value) => call.settle(value), (error) => call.fail(error));
    } else {
      call.settle(result);
    }
  } catch (error) {
    call.fail(error);
  }
}

/** Leaves the call open until it is answered or nothing is left that could answer it. */
function waitForCallback(call) {
  if (call.over) return;
  call.waits = true;
  // Without the channel the event loop ends when user code has nothing more to do.
  socket.unref();
}

function onIdle() {
  for (const call of [...running.values()]) if (call.waits) call.end(undefined, false);
  socket.ref();
}

/** An exception or rejection that nobody caught. */
function onUncaught(error, origin) {
  const own = storage && storage.getStore();
  const calls = own && !own.over ? [own] : [...running.values()];
  if (calls.length > 0) {
    for (const call of calls) call.fail(error);
    return;
  }
  const text = (error && error.stack) || String(error);
  require('fs').writeSync(2, `Uncaught ${origin === 'unhandledRejection' ? '(in promise) ' : ''}${text}\n`);
  if (phase === 1) {
    sendInitError(explain(error));
    // The frame is written before the process ends.
    socket.end(() => process.reallyExit(1));
    return;
  }
  process.reallyExit(1);
}

// ---- variables of the call ---------------------------------------------------

// They are not written into the environment for each call: setenv(3) of glibc keeps every
// value that it has not seen before for ever.

/** What the running call has. */
const ofCall = { __proto__: null, NOVA_STREAMING: undefined, TRACEPARENT: undefined, TRACESTATE: undefined };
const NAMES_OF_CALL = Object.keys(ofCall);
const realEnv = process.env;
/** Whether realEnv may have some of the names: from the start, or because user code wrote them. */
let realHasSome = true;

/** From now on what realEnv has under this name counts. */
function forget(name) {
  if (!(name in ofCall)) return;
  ofCall[name] = undefined;
  realHasSome = true;
}

/** `realEnv` with `ofCall` over it. */
function makeShownEnv() {
  // The target is not realEnv: then V8 would ask it too for each answer of a trap.
  const target = {};
  // `inspect` looks at the target of a Proxy, not at the Proxy.
  Object.defineProperty(target, Symbol.for('nodejs.util.inspect.custom'), { configurable: true, value: () => ({ ...shownEnv }) });
  return new Proxy(target, {
    get: (_, name) => ofCall[name] ?? realEnv[name],
    has: (_, name) => ofCall[name] !== undefined || name in realEnv,
    set(_, name, value, receiver) {
      // An object that inherits from process.env gets a property of its own.
      if (receiver !== shownEnv) return Reflect.set(realEnv, name, value, receiver);
      const done = Reflect.set(realEnv, name, value);
      forget(name);
      return done;
    },
    deleteProperty(_, name) {
      forget(name);
      return Reflect.deleteProperty(realEnv, name);
    },
    defineProperty(_, name, descriptor) {
      const done = Reflect.defineProperty(realEnv, name, descriptor);
      forget(name);
      return done;
    },
    getOwnPropertyDescriptor(_, name) {
      const value = ofCall[name];
      if (value === undefined) return Reflect.getOwnPropertyDescriptor(realEnv, name);
      return { value, writable: true, enumerable: true, configurable: true };
    },
    ownKeys() {
      const keys = Reflect.ownKeys(realEnv);
      for (const name of NAMES_OF_CALL) if (ofCall[name] !== undefined && !keys.includes(name)) keys.push(name);
      return keys;
    },
    getPrototypeOf: () => Reflect.getPrototypeOf(realEnv),
    setPrototypeOf: (_, prototype) => Reflect.setPrototypeOf(realEnv, prototype),
    preventExtensions: () => Reflect.preventExtensions(realEnv),
  });
}

/** What user code has as process.env when calls run one at a time. */
const shownEnv = makeShownEnv();

function setVariables(message) {
  if (realHasSome) for (const name of NAMES_OF_CALL) delete realEnv[name];
  realHasSome = false;
  ofCall.NOVA_STREAMING = message.stream ? 'true' : undefined;
  ofCall.TRACEPARENT = message.traceparent ?? undefined;
  ofCall.TRACESTATE = message.tracestate ?? undefined;
  variablesSet = NAMES_OF_CALL.some((name) => ofCall[name] !== undefined);
  if (process.env !== shownEnv) setInOwnObject(process.env);
  if (!workersWatched) watchWorkers();
}

/** User code put an object of its own in the place of process.env. */
function setInOwnObject(env) {
  for (const [name, value] of Object.entries(ofCall)) {
    if (value === undefined) delete env[name];
    // If it stands before shownEnv it has it.
    else if (env[name] !== value) env[name] = value;
  }
}

let workersWatched = false;
let builtinsSeen = 0;

/** A worker thread copies realEnv when it is made. The module is not loaded for that: it takes milliseconds. */
function watchWorkers() {
  const builtins = process.moduleLoadList || [];
  if (builtins.length === builtinsSeen) return;
  builtinsSeen = builtins.length;
  if (!builtins.includes('NativeModule worker_threads')) return;
  workersWatched = true;
  const { Worker } = require('worker_threads');
  // Under it, not in its place: user code may hold the class already.
  const Base = Object.getPrototypeOf(Worker);
  Object.setPrototypeOf(Worker, class extends Base {
    constructor(...all) {
      for (const name of NAMES_OF_CALL) if (ofCall[name] !== undefined) shownEnv[name] = ofCall[name];
      super(...all);
    }
  });
}

// ---- Init --------------------------------------------------------------------

const EXTENSIONS = ['.js', '.mjs', '.cjs'];

function isFile(path) {
  const stat = require('fs').statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile();
}

/** File and attribute path of the handler. */
function locate(init) {
  const code = init.code_dir;
  const slash = init.handler.lastIndexOf('/');
  const folder = init.handler.slice(0, slash + 1);
  const words = init.handler.slice(slash + 1).split('.');
  if (init.handler.startsWith('/') || init.handler.split('/').includes('..') || words.includes('')) {
    throw new LoadError(`handler \`${init.handler}\` is not of the form \`file.function\` or \`folder/file.function\``);
  }
  const looked = [];
  for (let count = words.length - 1; count > 0; count--) {
    // `a.b.handler` is a.b.js or a/b.js.
    const bases = [words.slice(0, count).join('.'), words.slice(0, count).join('/')];
    for (const base of new Set(bases)) {
      for (const tail of [...EXTENSIONS, ...EXTENSIONS.map((extension) => `/index${extension}`)]) {
        const path = `${code}/${folder}${base}${tail}`;
        if (isFile(path)) return { path, attributes: words.slice(count) };
        looked.push(path);
      }
    }
  }
  let entry = init.entry || '';
  if (entry.startsWith(code + '/')) entry = entry.slice(code.length + 1);
  const stem = entry.replace(/^.*\//, '').replace(/\.[cm]?js$/, '');
  if (entry && (words.length === 1 || words[0] === stem) && isFile(`${code}/${entry}`)) {
    return { path: `${code}/${entry}`, attributes: words.length === 1 ? words : words.slice(1) };
  }
  if (words.length === 1) {
    throw new LoadError(`handler \`${init.handler}\` names no file; write it as \`file.function\`, e.g. \`index.${words[0]}\``);
  }
  throw new LoadError(`handler \`${init.handler}\`: there is no file ${looked.slice(0, 3).join(' or ')}`);
}

async function importFile(path) {
  if (!path.endsWith('.mjs')) {
    try {
      return require('module').createRequire(path)(path);
    } catch (error) {
      if (error === null || typeof error !== 'object' || !/^ERR_REQUIRE_(ESM|ASYNC_MODULE)$/.test(error.code)) throw error;
      // Another file may be the ES module that cannot be required; then import fails alike.
    }
  }
  try {
    return await import(require('url').pathToFileURL(path).href);
  } catch (error) {
    if (error instanceof SyntaxError && !/^(file:\/\/)?\//.test(property(error, 'stack'))) {
      error.novaPlace = await findSyntaxError(path);
    }
    throw error;
  }
}

/**
 * Node.js tells the place of a syntax error in an ES module on the terminal only. It is
 * asked to check the files of the function, the handler's first, until one fails.
 */
async function findSyntaxError(path) {
  const { spawnSync } = require('child_process');
  const { readFileSync } = require('fs');
  const { dirname, resolve } = require('path');
  const queue = [path];
  for (let index = 0; index < queue.length && index < 20; index++) {
    const file = queue[index];
    const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'ignore', 'pipe'] });
    const found = /^((?:file:\/\/)?\/.*):(\d+)$/m.exec(stderr || '');
    if (found) return { file: plainPath(found[1]), line: Number(found[2]) };
    try {
      const source = readFileSync(file, 'utf8');
      for (const match of source.matchAll(/(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g)) {
        const next = resolve(dirname(file), match[1]);
        if (!queue.includes(next) && isFile(next)) queue.push(next);
      }
    } catch {
      // Unreadable: import said so already.
    }
  }
  return null;
}

function setPaths(init) {
  const paths = [`${init.code_dir}/node_modules`];
  for (const layer of init.layers || []) paths.push(`${layer}/nodejs/node_modules`, `${layer}/node_modules`);
  if (process.env.NODE_PATH) paths.push(process.env.NODE_PATH);
  process.env.NODE_PATH = paths.join(':');
  require('module')._initPaths();
}

async function load(init) {
  Object.assign(process.env, init.env || {});
  try {
    process.chdir(init.code_dir);
  } catch (error) {
    throw new LoadError(`the code directory ${init.code_dir} cannot be entered: ${error.code}`);
  }
  const { path, attributes } = locate(init);
  const before = process.env.NODE_PATH;
  setPaths(init);
  if (before === undefined) delete process.env.NODE_PATH;
  const shown = path.slice(init.code_dir.length + 1);
  const module = await importFile(path);
  return pick(module, attributes, shown);
}

function pick(module, attributes, shown) {
  const name = attributes.join('.');
  for (const root of [module, module && module.default]) {
    let target = root;
    let owner;
    for (const attribute of attributes) {
      owner = target;
      target = target === undefined || target === null ? undefined : target[attribute];
    }
    if (target === undefined) continue;
    if (typeof target !== 'function') {
      throw new LoadError(`handler \`${name}\` in ${shown} is not a function, it is of type ${typeof target}`);
    }
    return owner === module || owner === undefined ? target : target.bind(owner);
  }
  // `module.exports = function` and `export default function` answer to any name of one word.
  const only = typeof module === 'function' ? module : module && module.default;
  const other = Object.keys(module || {}).filter((key) => key !== 'default' && typeof module[key] === 'function');
  if (typeof only === 'function' && attributes.length === 1 && other.length === 0) return only;
  const found = new Set([...other, ...Object.keys((module && module.default) || {})]);
  const defined = found.size > 0 ? `it defines: ${[...found].slice(0, 20).join(', ')}` : 'it exports no function';
  throw new LoadError(`handler \`${name}\` not found in ${shown}; ${defined}`);
}

function sendInitError(error) {
  initError = error;
  sendError('init', { ...error, kind: 'init' });
}

async function initialise(init) {
  const version = String(init.version);
  functionInfo = { name: init.function, version, memory: init.memory_mb, arn: `arn:nova:function:${init.function}:${version}` };
  concurrency = init.concurrency || 1;
  if (concurrency > 1) storage = new (require('async_hooks').AsyncLocalStorage)();
  else process.env = shownEnv;
  try {
    handler = await load(init);
    callStyle = handler.length;
    send('{"type":3,"request_id":"init","error":null}');
  } catch (error) {
    if (error instanceof LoadError) sendInitError({ type: 'HandlerNotFound', message: error.message, stack: [] });
    else sendInitError(explain(error));
  }
  phase = 2;
  for (const message of early.splice(0)) onExec(message);
}

// ---- the process -------------------------------------------------------------

/** Does once what the first call does, so that it finds everything compiled and set up. */
function rehearse() {
  const Module = require('module');
  Module.createRequire(__filename);
  delete require.cache[__filename];
  Module._initPaths();
  try {
    locate({ code_dir: __dirname, handler: 'no such file/none.handler', entry: 'none.js' });
  } catch {
    // As meant.
  }
  pick({ handler: rehearse }, ['handler'], '');
  const body = Buffer.from('....{"type":6,"list":[1.5,"\\u00e9",null]}');
  body.writeUInt32BE(body.length - 4);
  feed(body);
  toJson([1.5, null]);
  shownEnv.NOVA_STREAMING = '';
  delete shownEnv.NOVA_STREAMING;
  new Context(new Call({ request_id: 'rehearsal', stream: false }), { deadline_ms: 0 }).remaining_time_ms();
}

/** Sets up the loader of ES modules (6 ms), if nothing arrives for a while. */
function prepareModules() {
  if (phase === 0) import('data:text/javascript,export{}').catch(() => {});
}

function main() {
  socket = new net.Socket({
    fd: 3,
    readable: true,
    writable: true,
    // One buffer for every read.
    onread: {
      buffer: Buffer.allocUnsafe(READ_SIZE),
      callback: (count, buffer) => {
        feed(Buffer.from(buffer.buffer, buffer.byteOffset, count));
        return true;
      },
    },
  });
  socket.on('end', () => (pending === null ? process.reallyExit(0) : die('it ended inside a frame')));
  socket.on('error', () => process.reallyExit(0));
  process.on('uncaughtException', onUncaught);
  process.on('beforeExit', onIdle);
  process.argv.length = 1;
  Error.stackTraceLimit = 50;
  rehearse();
  send('{"type":4}');
  setTimeout(prepareModules, IDLE_MS).unref();
}

main();
