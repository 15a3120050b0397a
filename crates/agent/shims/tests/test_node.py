"""The Node.js shim: the common contract, and what only Node.js has."""

import base64
import time
import unittest

from agent import Agent
from common import Contract
from variables import OTHER, TRACE, Variables


class NodeContract(Contract, Variables, unittest.TestCase):
    language, main, other = "node", "main.js", "other.js"
    raise_line, syntax_line = 2, 3
    bad_results = {"bytes": "base64", "bigint": "BigInt", "function": "`function`", "circular": "circular", "symbol": "`symbol`"}
    CODE = {
        "echo": "exports.handler = async (event) => event;\nexports.second = () => 1;\n",
        "big": "exports.handler = async (event) => 'x'.repeat(event);\n",
        "raise": "function inner(text) {\n  throw new RangeError(text);\n}\nexports.handler = async (event) => {\n  inner(event);\n};\n",
        "recurse": "exports.handler = (event, context) => event === 'deep' ? exports.handler(event, context) + 1 : 'ok';\n",
        "bad_result": """
exports.handler = async (event) => {
  const loop = {}; loop.loop = loop;
  return { bytes: Buffer.from('x'), bigint: { a: 1n }, function: () => 1, circular: loop, symbol: Symbol('x'), fine: 'fine' }[event];
};
""",
        "syntax_error": "const a = 1;\n\nconst b = = 2;\n",
        "imports_other": "const other = require('./other.js');\nexports.handler = () => 1;\n",
        "load_error": "const a = 1;\nthrow new Error('not today');\n",
        "client_context": "exports.handler = async (event, context) => (context.clientContext?.custom ?? null);\n",
        "context": """
exports.handler = async (event, context) => ({
  request_id: context.request_id, function_name: context.function_name, function_version: context.function_version,
  memory_limit_mb: context.memory_limit_mb, remaining: context.remaining_time_ms(),
  lambda: { id: context.awsRequestId, memory: context.memoryLimitInMB, arn: context.invokedFunctionArn,
            remaining: context.getRemainingTimeInMillis(), name: context.functionName, version: context.functionVersion,
            log: [context.logGroupName, context.logStreamName], wait: context.callbackWaitsForEmptyEventLoop },
});
""",
        "environment": "exports.handler = async () => ({ env: { ...process.env }, cwd: process.cwd() });\n",
        "reader": "exports.handler = async () => ('TRACESTATE' in process.env && process.env.NOVA_STREAMING) || process.env.TRACEPARENT;\n",
        "variables": """
const { spawnSync } = require('child_process');
const does = {
  get: (name) => process.env[name],
  has: (name) => name in process.env,
  set: (name, value) => { process.env[name] = value; },
  delete: (name) => { delete process.env[name]; },
  all: () => ({ ...process.env }),
  child: () => spawnSync('env').stdout.toString(),
};
exports.handler = async (steps) => steps.map(([step, ...rest]) => does[step](...rest) ?? null);
""",
        "print": "exports.handler = async (event) => {\n  console.log('out', event); console.error('err', event); process.stdout.write('partial');\n};\n",
        "subprocess": """
const { spawnSync } = require('child_process');
exports.handler = async () =>
  spawnSync(process.execPath, ['-e', "try { require('fs').fstatSync(3).isSocket() ? console.log('open') : process.stdout.write('closed') } catch { process.stdout.write('closed') }"]).stdout.toString();
""",
        "stdin": "exports.handler = async () => require('fs').readFileSync(0, 'utf8');\n",
        "generator": """
exports.handler = async function* (event) {
  for (let i = 0; i < event; i++) yield `chunk ${i}\\n`;
  yield { done: true };
};
""",
        "binary": "exports.handler = function* () {\n  const all = Buffer.from([...Array(256).keys()]);\n  yield all.subarray(0, 128); yield new Uint8Array(all.subarray(128));\n};\n",
        "writer": "exports.handler = async (event, context) => {\n  context.write('one ');\n  await context.write(Buffer.from('two '));\n  return 'result';\n};\n",
        "broken_generator": "exports.handler = async function* () {\n  yield 'first';\n  throw new Error('half way');\n};\n",
        "endless": "exports.handler = async function* (event) {\n  for (let i = 0; i < event; i++) { yield Buffer.alloc(16384, 'x'); console.log(i); }\n};\n",
        "late_writer": """
let kept;
exports.handler = async (event, context) => {
  if (!kept) { kept = context; return; }
  try { kept.write('late'); } catch (error) { return error.message; }
};
""",
    }


class NodeOnly(unittest.TestCase):
    def agent(self, files, handler="main.handler", **fields):
        if isinstance(files, str):
            files = {"main.js": files}
        agent = Agent("node", files)
        self.addCleanup(agent.__exit__)
        self.assertIsNone(agent.init(handler, **fields))
        return agent

    def broken(self, files, handler="main.handler"):
        agent = Agent("node", files)
        self.addCleanup(agent.__exit__)
        return agent.init(handler)

    # handlers

    def test_callback_style(self):
        agent = self.agent(
            "exports.handler = (event, context, callback) => {\n"
            "  if (event === 'now') callback(null, 'now');\n"
            "  else if (event === 'later') setTimeout(() => callback(null, 'later'), 20);\n"
            "  else if (event === 'error') setImmediate(() => callback(new TypeError('bad')));\n"
            "  else if (event === 'text') callback('only text');\n"
            "  else if (event === 'twice') { callback(null, 1); callback(null, 2); }\n"
            "  else if (event === 'promise') return Promise.resolve('promised');\n"
            "};\n"
        )
        self.assertEqual(agent.output("now"), "now")
        self.assertEqual(agent.output("later"), "later")
        self.assertEqual(agent.error("error")["type"], "TypeError")
        self.assertEqual(agent.error("text")["message"], "only text")
        self.assertEqual(agent.output("twice"), 1)
        self.assertEqual(agent.output("promise"), "promised")
        # Nobody will ever call back: the event loop is empty.
        self.assertIsNone(agent.output("never"))
        self.assertEqual(agent.output("now"), "now")

    def test_done_succeed_and_fail(self):
        agent = self.agent(
            "exports.handler = function (event, context) {\n"
            "  setTimeout(() => {\n"
            "    if (event === 'succeed') context.succeed({ a: 1 });\n"
            "    if (event === 'fail') context.fail(new Error('failed'));\n"
            "    if (event === 'done') context.done(null, 'done');\n"
            "    if (event === 'doneError') context.done('why');\n"
            "  }, 5);\n"
            "};\n"
        )
        self.assertEqual(agent.output("succeed"), {"a": 1})
        self.assertEqual(agent.error("fail")["message"], "failed")
        self.assertEqual(agent.output("done"), "done")
        self.assertEqual(agent.error("doneError")["message"], "why")
        self.assertIsNone(agent.output("nothing"))

    def test_plain_functions_and_thenables(self):
        self.assertEqual(self.agent("exports.handler = (event) => ({ got: event });").output(1), {"got": 1})
        self.assertIsNone(self.agent("exports.handler = () => {};").output(1))
        self.assertEqual(self.agent("exports.handler = () => ({ then(done) { done('thenable'); } });").output(), "thenable")
        self.assertEqual(self.agent("exports.handler = () => null;").output(), None)

    def test_module_exports_a_function_or_an_object(self):
        self.assertEqual(self.agent("module.exports = async (e) => e;").output(2), 2)
        self.assertEqual(self.agent("module.exports = { api: { get() { return this.v; }, v: 5 } };", "main.api.get").output(), 5)

    def test_es_modules(self):
        code = "import { join } from 'node:path';\nconst late = await Promise.resolve('tla');\nexport const handler = async (e) => [join('a', 'b'), late, e];\n"
        self.assertEqual(self.agent({"main.mjs": code}).output(1), ["a/b", "tla", 1])
        files = {"main.js": code, "package.json": '{"type": "module"}'}
        self.assertEqual(self.agent(files).output(2), ["a/b", "tla", 2])
        self.assertEqual(self.agent({"main.mjs": "export default async (e) => e;"}).output(3), 3)
        self.assertEqual(self.agent({"main.cjs": "exports.handler = (e) => e;", "package.json": '{"type":"module"}'}).output(4), 4)
        self.assertEqual(self.agent({"main.mjs": "export default { handler: (e) => e };"}).output(5), 5)

    def test_handlers_in_folders(self):
        body = "exports.handler = () => require('./helper').v;"
        files = {"src/app.js": body, "src/helper.js": "exports.v = 'own';", "pkg/index.js": "exports.fn = () => 'index';",
                 "pkg/mod.js": "exports.fn = () => 'mod';", "a.b.js": "exports.handler = () => 'dots';"}  # fmt: skip
        for handler, expected in {"src/app.handler": "own", "pkg.fn": "index", "pkg/mod.fn": "mod", "pkg.mod.fn": "mod",
                                  "a.b.handler": "dots"}.items():  # fmt: skip
            self.assertEqual(self.agent(files, handler).output(), expected, handler)

    def test_dependencies_are_found_in_code_and_layers(self):
        agent = Agent("node", {
            "main.js": "const all = ['a', 'b', 'c', 'd'].map((n) => require(n));\nexports.handler = () => [all, process.env.NODE_PATH === undefined];",
            "node_modules/a/index.js": "module.exports = 'a';",
        })  # fmt: skip
        self.addCleanup(agent.__exit__)
        layers = [agent.root + "/layers/0", agent.root + "/layers/1"]
        agent.write("nodejs/node_modules/b/index.js", "module.exports = 'b';", layers[0])
        agent.write("node_modules/c/package.json", '{"main": "lib.js"}', layers[1])
        agent.write("node_modules/c/lib.js", "module.exports = 'c';", layers[1])
        agent.write("node_modules/d/index.js", "module.exports = 'layer';", layers[0])
        agent.write("node_modules/d/index.js", "module.exports = 'code wins';")
        self.assertIsNone(agent.init("main.handler", layers=layers))
        self.assertEqual(agent.output(), [["a", "b", "c", "code wins"], True])

    def test_the_shim_is_not_in_sight(self):
        agent = self.agent(
            "exports.handler = () => [require.main === module, process.argv.length,"
            " Object.keys(globalThis).filter((key) => /nova|shim|socket/i.test(key))];"
        )
        self.assertEqual(agent.output(), [False, 1, []])

    # errors

    def test_syntax_errors_in_es_modules_show_file_and_line(self):
        bad = "const a = 1;\n\nconst b = = 2;\n"
        error = self.broken({"main.mjs": bad})
        self.assertIn("main.mjs:3", error["stack"][-1])
        error = self.broken({"main.mjs": "import './dep.mjs';\nexport const handler = 1;\n", "dep.mjs": bad})
        self.assertIn("dep.mjs:3", error["stack"][-1])

    def test_an_import_that_does_not_exist_is_named(self):
        self.assertIn("nonsense", self.broken({"main.js": "require('nonsense');"})["message"])
        self.assertIn("nonsense", self.broken({"main.mjs": "import 'nonsense';"})["message"])
        error = self.broken({"main.mjs": "import { nothing } from './o.mjs';", "o.mjs": "export const a = 1;"})
        self.assertIn("nothing", error["message"])

    def test_a_hint_is_given_when_module_syntax_is_in_a_plain_file(self):
        agent = Agent("node", {"main.js": "import fs from 'fs';\nexport const handler = (e) => e;\n"})
        self.addCleanup(agent.__exit__)
        error = agent.init("main.handler")
        if error is None:  # Node.js 22 and later detect the syntax
            self.assertEqual(agent.output(1), 1)
        else:
            self.assertIn('"type": "module"', error["message"])

    def test_things_that_are_thrown_need_not_be_errors(self):
        agent = self.agent("exports.handler = async (e) => { throw e === 'undefined' ? undefined : e; };")
        self.assertEqual(agent.error("text")["message"], "text")
        self.assertEqual(agent.error({"code": 5})["message"], '{"code":5}')
        self.assertEqual(agent.error("undefined")["message"], "undefined")
        self.assertEqual(agent.error(None)["message"], "null")

    def test_causes_and_own_classes_are_shown(self):
        agent = self.agent(
            "class MyError extends Error { constructor(m, o) { super(m, o); this.name = 'MyError'; } }\n"
            "exports.handler = async () => { throw new MyError('outer', { cause: new TypeError('inner') }); };"
        )
        error = agent.error()
        self.assertEqual(error["type"], "MyError")
        self.assertEqual(error["stack"][-1], "caused by TypeError: inner")

    def test_an_error_with_hostile_properties(self):
        agent = self.agent(
            "exports.handler = async () => { const e = new Error('x'); "
            "Object.defineProperty(e, 'stack', { get() { throw 1; } }); e.name = { toString() { throw 2; } }; throw e; };"
        )
        self.assertEqual(agent.error()["message"], "x")

    def test_uncaught_exceptions_fail_the_running_call(self):
        agent = self.agent(
            "exports.handler = (event, context, callback) => {\n"
            "  if (event === 'throw') setTimeout(() => { throw new Error('async throw'); }, 5);\n"
            "  if (event === 'reject') { Promise.reject(new Error('lost')); setTimeout(callback, 200); }\n"
            "  if (event === 'fine') callback(null, 'fine');\n"
            "};\n"
        )
        self.assertEqual(agent.error("throw")["message"], "async throw")
        self.assertEqual(agent.error("reject")["message"], "lost")
        self.assertEqual(agent.output("fine"), "fine")

    def test_an_uncaught_exception_with_no_call_running_ends_the_process(self):
        agent = self.agent("exports.handler = async () => { setTimeout(() => { throw new Error('too late'); }, 20); return 1; };")
        self.assertEqual(agent.output(), 1)
        self.assertEqual(agent.end(), 1)
        self.assertIn("too late", agent.said())

    def test_an_uncaught_exception_of_one_concurrent_call_is_its_own(self):
        agent = self.agent(
            "exports.handler = (event, context, callback) => {\n"
            "  setTimeout(() => { if (event) throw new Error('mine'); }, 20);\n"
            "  setTimeout(() => callback(null, 'ok'), 60);\n"
            "};\n",
            concurrency=10,
        )
        bad, good = agent.start(True), agent.start(False)
        answers = {a["request_id"]: a for a in (agent.read(), agent.read())}
        self.assertEqual(answers[bad]["error"]["message"], "mine")
        self.assertEqual(answers[good]["output"], "ok")

    def test_process_exit_ends_the_process(self):
        agent = self.agent("exports.handler = async () => process.exit(7);")
        agent.start()
        self.assertEqual(agent.end(), 7)

    # variables of the call

    def test_every_way_to_start_a_process_gives_the_variables_of_the_call(self):
        agent = self.agent(
            "const { exec, execFile, execFileSync, execSync, fork, spawn, spawnSync } = require('child_process');\n"
            "const { promisify } = require('util');\n"
            "const shell = 'echo $TRACEPARENT';\n"
            "const output = (child) => new Promise((done) => { let all = ''; child.stdout.on('data', (data) => { all += data; }); child.on('close', () => done(all)); });\n"
            "exports.handler = async () => [\n"
            "  execSync(shell), execFileSync('sh', ['-c', shell]), spawnSync('sh', ['-c', shell]).stdout,\n"
            "  (await promisify(exec)(shell)).stdout, (await promisify(execFile)('sh', ['-c', shell])).stdout,\n"
            "  await output(spawn('sh', ['-c', shell])), await output(spawn(shell, { shell: true, env: { ...process.env, MORE: 'x' } })),\n"
            "  await output(spawn(shell, { shell: true, env: process.env })),\n"
            "  await output(fork(__dirname + '/child.js', { silent: true })),\n"
            "].map(String);\n"
        )
        agent.write("child.js", "console.log(process.env.TRACEPARENT);")
        for trace in (TRACE, OTHER):
            self.assertEqual(agent.output(traceparent=trace), [trace + "\n"] * 9)

    def test_a_worker_thread_has_the_variables_of_the_call_that_makes_it(self):
        agent = self.agent(
            "const { Worker } = require('worker_threads');\n"
            "exports.handler = (event, context, callback) => {\n"
            "  const code = \"const { parentPort } = require('worker_threads'); parentPort.postMessage([process.env.TRACEPARENT ?? null, 'TRACESTATE' in process.env])\";\n"
            "  new Worker(code, { eval: true }).once('message', (seen) => callback(null, [seen, process.env.TRACEPARENT ?? null]));\n"
            "};\n"
        )
        for fields in ({"traceparent": TRACE, "tracestate": "x"}, {"traceparent": OTHER}, {}):
            trace = fields.get("traceparent")
            self.assertEqual(agent.output(**fields), [[trace, "tracestate" in fields], trace])

    def test_process_env_behaves_as_without_the_variables_of_a_call(self):
        agent = self.agent(
            "const { inspect } = require('util');\n"
            "const failure = (action) => { try { action(); return 'none'; } catch (error) { return error.name; } };\n"
            "exports.handler = async () => {\n"
            "  'use strict';\n"
            "  const { env } = process, name = 'TRACEPARENT', all = {};\n"
            "  for (const key in env) all[key] = env[key];\n"
            "  const every = [Object.keys(env), Object.getOwnPropertyNames(env), Reflect.ownKeys(env), Object.keys({ ...env }), Object.keys(JSON.parse(JSON.stringify(env))),\n"
            "    Object.keys(all), Object.keys(Object.assign({}, env)), Object.keys(eval(`(${inspect(env)})`))];\n"
            "  const seen = [new Set(every.map((keys) => keys.filter((key) => key !== 'constructor').sort().join())).size,\n"
            "    env.hasOwnProperty(name), Object.hasOwn(env, name), Object.getOwnPropertyDescriptor(env, name), inspect(env).includes(name),\n"
            "    String(env), env.constructor === Object.getPrototypeOf(env).constructor, typeof env.toString, Symbol.iterator in env];\n"
            "  const child = Object.create(env);\n"
            "  child[name] = 'own';\n"
            "  seen.push([child[name], Object.keys(child), env[name] === all[name]]);\n"
            "  const written = [];\n"
            "  for (const key of [name, 'ELSE']) {\n"
            "    Object.defineProperty(env, key, { value: 7, configurable: true, enumerable: true, writable: true });\n"
            "    written.push(env[key]);\n"
            "    for (const value of [5, true, undefined, null, '']) { env[key] = value; written.push(env[key]); }\n"
            "    written.push(failure(() => { env[key] = Symbol('x'); }), failure(() => Object.defineProperty(env, key, { value: '1' })), env[key],\n"
            "      failure(() => Object.defineProperty(env, key, { get: () => 1, configurable: true, enumerable: true })));\n"
            "    written.push(delete env[key], key in env, delete env[key], env[key] ?? null, Object.keys(env).includes(key));\n"
            "  }\n"
            "  seen.push(written, failure(() => Object.preventExtensions(env)), failure(() => Object.freeze(env)), Object.isExtensible(env));\n"
            "  return seen;\n"
            "};\n"
        )
        written = ["7", "5", "true", "undefined", "null", "", "TypeError", "TypeError", "", "TypeError", True, False, True, None, False]
        for trace in (TRACE, OTHER):
            descriptor = {"value": trace, "writable": True, "enumerable": True, "configurable": True}
            self.assertEqual(agent.output(traceparent=trace), [
                1, True, True, descriptor, True, "[object Object]", True, "function", False,
                ["own", ["TRACEPARENT"], True], written * 2, "TypeError", "TypeError", True,
            ])  # fmt: skip

    def test_the_env_that_a_module_imported_or_kept_shows_the_variables_of_the_call(self):
        agent = self.agent({"main.mjs": "import { env } from 'node:process';\nconst kept = process.env;\nexport const handler = () => [env.TRACEPARENT, kept.TRACEPARENT, env === process.env];\n"})
        for trace in (TRACE, OTHER):
            self.assertEqual(agent.output(traceparent=trace), [trace, trace, True])

    def test_an_object_that_user_code_puts_for_process_env_gets_the_variables_of_the_call(self):
        for own in ("{ ...process.env }", "new Proxy(process.env, {})", "Object.create(process.env)"):
            agent = self.agent(
                "process.env = %s;\nprocess.env.MINE = 'x';\n"
                "exports.handler = () => [process.env.MINE, process.env.TRACEPARENT ?? null, 'TRACESTATE' in process.env];" % own
            )
            self.assertEqual(agent.output(traceparent=TRACE, tracestate="x"), ["x", TRACE, True], own)
            self.assertEqual(agent.output(traceparent=OTHER), ["x", OTHER, False], own)
            self.assertEqual(agent.output(), ["x", None, False], own)

    def test_the_time_zone_can_be_set(self):
        agent = self.agent("exports.handler = (zone) => { process.env.TZ = zone; return new Date(0).getHours(); };")
        self.assertEqual([agent.output(zone, traceparent=TRACE) for zone in ("Asia/Tokyo", "UTC")], [9, 0])

    # concurrency and streams

    def test_calls_run_at_the_same_time(self):
        agent = self.agent(
            "const waiting = [];\n"
            "exports.handler = (event) => new Promise((resolve) => {\n"
            "  waiting.push(() => resolve(event));\n"
            "  if (waiting.length === 100) waiting.reverse().forEach((go) => go());\n"
            "});\n",
            concurrency=100,
        )
        ids = {agent.start(n): n for n in range(100)}
        answers = [agent.read() for _ in ids]
        self.assertEqual({a["request_id"]: a["output"] for a in answers}, ids)
        self.assertNotEqual(answers[0]["output"], 0, "the last to arrive let the others go")

    def test_readable_streams_are_streamed(self):
        agent = self.agent("exports.handler = async () => require('stream').Readable.from(['a', 'b', Buffer.from('c')]);")
        self.assertEqual(agent.stream()[0], [b"a", b"b", b"c"])
        self.assertEqual(agent.output(), "abc")

    def test_a_chunk_is_sent_when_it_is_yielded(self):
        agent = self.agent("exports.handler = async function* () { yield String(Date.now()); await new Promise((r) => setTimeout(r, 300)); };")
        agent.start(stream=True)
        sent = float(base64.b64decode(agent.read()["data"])) / 1000
        self.assertLess(time.time() - sent, 0.1)

    def test_collected_chunks_are_bounded(self):
        agent = self.agent("exports.handler = async function* () { for (;;) yield 'x'.repeat(1000000); };")
        self.assertEqual(agent.error()["type"], "ResponseTooLarge")

    def test_timers_of_a_finished_call_do_not_end_the_process(self):
        agent = self.agent("exports.handler = (event, context, callback) => { setInterval(() => {}, 5).unref(); callback(null, event); };")
        for number in range(5):
            self.assertEqual(agent.output(number), number)


if __name__ == "__main__":
    unittest.main()
