"""The Ruby shim: the common contract, and what only Ruby has."""

import base64
import time
import unittest

from agent import Agent
from common import Contract
from variables import OTHER, TRACE, Variables


class RubyContract(Contract, Variables, unittest.TestCase):
    language, main, other = "ruby", "main.rb", "other.rb"
    raise_line, syntax_line = 2, 3
    bad_results = {"bytes": "base64", "nested": "base64", "object": "`Object`", "nan": "NaN", "circular": "contains itself",
                   "struct": "`Point`"}  # fmt: skip
    CODE = {
        "echo": "def handler(event, context)\n  event\nend\ndef second(event, context) = nil\n",
        "big": "def handler(event, context) = 'x' * event\n",
        "raise": "def inner(text)\n  raise ArgumentError, text\nend\ndef handler(event, context)\n  inner(event)\nend\n",
        "recurse": "def handler(event, context)\n  event == 'deep' ? handler(event, context) + 1 : 'ok'\nend\n",
        "bad_result": """
Point = Struct.new(:x)
def handler(event, context)
  loop_ = []
  loop_ << loop_
  { "bytes" => "\\xff\\xfe".b, "nested" => { a: ["\\xff"] }, "object" => Object.new, "nan" => [Float::NAN], "circular" => loop_,
    "struct" => Point.new(1), "fine" => :fine }[event]
end
""",
        "syntax_error": "a = 1\n\nb = = 2\n",
        "imports_other": "require_relative 'other'\ndef handler(event, context) = 1\n",
        "load_error": "a = 1\nraise 'not today'\n",
        "client_context": "def handler(event, context)\n  context.client_context && context.client_context['custom']\nend\n",
        "context": """
def handler(event, context)
  { request_id: context.request_id, function_name: context.function_name, function_version: context.function_version,
    memory_limit_mb: context.memory_limit_mb, remaining: context.remaining_time_ms,
    lambda: { id: context.aws_request_id, memory: context.memory_limit_in_mb, arn: context.invoked_function_arn,
              remaining: context.get_remaining_time_in_millis, log: [context.log_group_name, context.log_stream_name] } }
end
""",
        "environment": "def handler(event, context) = { env: ENV.to_h, cwd: Dir.pwd }\n",
        "reader": "def handler(event, context) = (ENV.key?('TRACESTATE') && ENV['NOVA_STREAMING']) || ENV.fetch('TRACEPARENT')\n",
        "variables": """
def step(name, *rest)
  case name
  when "get" then ENV[*rest]
  when "has" then ENV.key?(*rest)
  when "set" then (ENV[rest[0]] = rest[1]) && nil
  when "delete" then ENV.delete(*rest) && nil
  when "all" then ENV.to_h
  when "child" then `env`
  end
end
def handler(event, context) = event.map { |step| step(*step) }
""",
        "print": "def handler(event, context)\n  puts \"out #{event}\"\n  warn \"err #{event}\"\n  print 'partial'\nend\n",
        "subprocess": """
def handler(event, context)
  `[ -S /proc/self/fd/3 ] && printf open || printf closed`
end
""",
        "stdin": "def handler(event, context) = $stdin.read\n",
        "generator": """
def handler(event, context)
  Enumerator.new do |out|
    event.times { |number| out << "chunk #{number}\\n" }
    out << { done: true }
  end
end
""",
        "binary": "def handler(event, context)\n  all = (0..255).to_a.pack('C*')\n  [all[0, 128], all[128..]].each\nend\n",
        "writer": "def handler(event, context)\n  context.write('one ')\n  context << 'two '\n  'result'\nend\n",
        "broken_generator": "def handler(event, context)\n  Enumerator.new { |out| out << 'first'; raise 'half way' }\nend\n",
        "endless": "def handler(event, context)\n  Enumerator.new { |out| event.times { |n| out << 'x' * 16384; puts n } }\nend\n",
        "late_writer": """
def handler(event, context)
  if $kept
    begin
      $kept.write("late")
    rescue IOError => error
      return error.message
    end
  end
  $kept = context
  nil
end
""",
    }


class RubyOnly(unittest.TestCase):
    def agent(self, files, handler="main.handler", **fields):
        if isinstance(files, str):
            files = {"main.rb": files}
        agent = Agent("ruby", files)
        self.addCleanup(agent.__exit__)
        self.assertIsNone(agent.init(handler, **fields))
        return agent

    def broken(self, code, handler="main.handler"):
        agent = Agent("ruby", {"main.rb": code})
        self.addCleanup(agent.__exit__)
        return agent.init(handler)

    def test_keyword_handlers(self):
        self.assertEqual(self.agent("def handler(event:, context:) = [event, context.request_id]").output(1, rid="k"), [1, "k"])
        self.assertEqual(self.agent("def handler(event:) = event").output(2), 2)
        self.assertEqual(self.agent("def handler(event:, context: nil, **rest) = event").output(3), 3)

    def test_methods_of_modules_and_classes(self):
        code = (
            "module Mod\n  def self.run(event, context) = \"run #{event}\"\n"
            "  class Api\n    class << self\n      def get(event:, context:) = \"get #{event}\"\n    end\n  end\nend\n"
        )
        self.assertEqual(self.agent(code, "main.Mod.run").output(1), "run 1")
        self.assertEqual(self.agent(code, "main.Mod::Api.get").output(2), "get 2")
        self.assertIn("Mod defines: run", self.broken(code, "main.Mod.nothing")["message"])
        self.assertIn("it defines no `Nope`", self.broken(code, "main.Nope.run")["message"])

    def test_handlers_in_folders(self):
        files = {"src/app.rb": "require 'helper'\ndef handler(event, context) = Helper::V\n", "src/helper.rb": "module Helper; V = 'own'; end",
                 "pkg/mod.rb": "require_relative 'sib'\ndef fn(event, context) = V\n", "pkg/sib.rb": "V = 'sib'"}  # fmt: skip
        self.assertEqual(self.agent(files, "src/app.handler").output(), "own")
        self.assertEqual(self.agent(files, "pkg/mod.fn").output(), "sib")
        self.assertEqual(self.agent(files, "pkg.mod.fn").output(), "sib")

    def test_dependencies_are_found_in_code_and_layers(self):
        agent = Agent("ruby", {"main.rb": "require 'a'\nrequire 'b'\nrequire 'c'\nrequire 'd'\ndef handler(event, context) = [A, B, C, D]\n",
                               "lib/a.rb": "A = 'lib'", "vendor/b.rb": "B = 'vendor'"})  # fmt: skip
        self.addCleanup(agent.__exit__)
        layers = [agent.root + "/layers/0", agent.root + "/layers/1"]
        agent.write("lib/ruby/c.rb", "C = 'layer'", layers[0])
        agent.write("ruby/lib/d.rb", "D = 'layer 1'", layers[1])
        self.assertIsNone(agent.init("main.handler", layers=layers))
        self.assertEqual(agent.output(), ["lib", "vendor", "layer", "layer 1"])

    def test_files_named_like_the_shim_or_the_library(self):
        for name in ("shim", "json", "set", "nova"):
            self.assertEqual(self.agent({name + ".rb": "def handler(event, context) = __FILE__.split('/').last"}, name + ".handler").output(), name + ".rb")

    def test_standard_library_and_rubygems_can_be_required(self):
        agent = self.agent("require 'set'\nrequire 'time'\nrequire 'rubygems'\ndef handler(event, context) = [Set.new([1]).size, Gem::VERSION.class]\n")
        self.assertEqual(agent.output(), [1, "String"])

    def test_exits_and_odd_exceptions_are_errors_of_the_call(self):
        agent = self.agent(
            "def handler(event, context)\n"
            "  exit(3) if event == 'exit'\n  abort if event == 'abort'\n  raise Interrupt if event == 'interrupt'\n"
            "  raise NotImplementedError, 'later' if event == 'script'\n  raise Exception, 'odd' if event == 'exception'\n"
            "  throw :nothing if event == 'throw'\n  'alive'\nend\n"
        )
        error = agent.error("exit")
        self.assertEqual((error["type"], error["message"], error["exit_code"]), ("Exit", "handler called exit(3)", 3))
        self.assertEqual(agent.error("abort")["exit_code"], 1)
        for event, name in (("interrupt", "Interrupt"), ("script", "NotImplementedError"), ("exception", "Exception"),
                            ("throw", "UncaughtThrowError")):  # fmt: skip
            self.assertEqual(agent.error(event)["type"], name)
        self.assertEqual(agent.output(), "alive")

    def test_exit_while_loading(self):
        error = self.broken("exit 4\n")
        self.assertEqual((error["type"], error["exit_code"]), ("Exit", 4))

    def test_a_missing_require_is_named(self):
        error = self.broken("require 'nonsense_library'\n")
        self.assertEqual(error["type"], "LoadError")
        self.assertIn("nonsense_library", error["message"])
        self.assertTrue(error["stack"][-1].endswith("main.rb:1 in <module>: require 'nonsense_library'"), error["stack"])

    def test_causes_are_shown(self):
        agent = self.agent("def handler(event, context)\n  begin\n    {}.fetch(:k)\n  rescue KeyError\n    raise 'outer'\n  end\nend\n")
        stack = agent.error()["stack"]
        self.assertIn("caused by KeyError: key not found: :k", stack)
        self.assertIn("main.rb:3", stack[-1])

    def test_lazy_enumerators_are_streamed_arrays_are_not(self):
        agent = self.agent("def handler(event, context) = event ? (1..2).lazy.map(&:to_s) : [1, 2]\n")
        self.assertEqual(agent.stream(True)[0], [b"1", b"2"])
        self.assertEqual(agent.stream(False)[0], [b"[1,2]"])
        self.assertEqual(agent.output(False), [1, 2])

    def test_collected_chunks_are_bounded(self):
        agent = self.agent("def handler(event, context) = Enumerator.new { |out| loop { out << 'x' * 1_000_000 } }\n")
        self.assertEqual(agent.error()["type"], "ResponseTooLarge")

    def test_a_chunk_is_sent_when_it_is_yielded(self):
        agent = self.agent("def handler(event, context) = Enumerator.new { |out| out << Time.now.to_f.to_s; sleep 0.3 }\n")
        agent.start(stream=True)
        sent = float(base64.b64decode(agent.read()["data"]))
        self.assertLess(time.time() - sent, 0.1)

    def test_a_forked_child_cannot_answer_for_its_parent(self):
        agent = self.agent("def handler(event, context)\n  pid = fork\n  Process.wait(pid) if pid\n  !pid.nil?\nend\n")
        self.assertIs(agent.output(), True)
        self.assertIs(agent.output(), True)

    def test_calls_run_at_the_same_time(self):
        agent = self.agent(
            "LOCK = Mutex.new\nALL = ConditionVariable.new\n$count = 0\n"
            "def handler(event, context)\n"
            "  LOCK.synchronize { $count += 1; ALL.broadcast; ALL.wait(LOCK, 5) until $count >= 4 }\n"
            "  [event, context.request_id]\nend\n",
            concurrency=4,
        )
        ids = [agent.start(n) for n in range(8)]
        answers = [agent.read() for _ in ids]
        self.assertEqual({a["request_id"]: a["output"] for a in answers}, {i: [n, i] for n, i in enumerate(ids)})

    def test_an_error_in_one_concurrent_call_is_its_own(self):
        agent = self.agent("def handler(event, context) = event ? exit(1) : 'ok'\n", concurrency=4)
        for _ in range(20):
            self.assertEqual(agent.error(True)["type"], "Exit")
            self.assertEqual(agent.output(False), "ok")

    # variables of the call

    def test_every_way_to_start_a_process_gives_the_variables_of_the_call(self):
        agent = self.agent(
            "require 'open3'\nrequire 'pty'\n"
            "SHELL = 'echo $TRACEPARENT'\n"
            "def piped\n  reader, writer = IO.pipe\n  yield writer\n  writer.close\n  reader.read\nend\n"
            "def wait(pid) = Process.wait(pid)\n"
            "WAYS = {\n"
            "  backticks: -> { `#{SHELL}` }, percent: -> { %x(#{SHELL}) }, kernel: -> { Kernel.`(SHELL) },\n"
            "  system: -> { piped { |out| system(SHELL, out: out) } }, kernel_system: -> { piped { |out| Kernel.system({ 'MORE' => 'x' }, SHELL, out: out, exception: true) } },\n"
            "  spawn: -> { piped { |out| wait spawn(SHELL, out: out) } }, process_spawn: -> { piped { |out| wait Process.spawn(SHELL, out: out) } },\n"
            "  exec: -> { piped { |out| wait fork { exec(SHELL, out: out) } } }, process_exec: -> { piped { |out| wait fork { Process.exec(SHELL, out: out) } } },\n"
            "  popen: -> { IO.popen(SHELL, &:read) }, popen_list: -> { IO.popen(['sh', '-c', SHELL], err: :out) { |io| io.read } },\n"
            "  open: -> { open(\"|#{SHELL}\", &:read) }, capture: -> { Open3.capture2e(SHELL)[0] },\n"
            "  pty: -> { line = nil; PTY.spawn(SHELL) { |out,| line = out.gets.chomp + \"\\n\" }; line }, getpty: -> { PTY.getpty(SHELL)[0].gets.chomp + \"\\n\" },\n"
            "  hash: -> { system('true'); piped { |out| system(ENV, SHELL, out: out, unsetenv_others: true) } },\n"
            "}\n"
            "def handler(event, context) = event ? WAYS[event.to_sym].call : WAYS.keys\n"
        )
        for way in agent.output():
            # Each in calls of its own: the first that writes them out does it for the others.
            for trace in (TRACE, OTHER):
                self.assertEqual(agent.output(way, traceparent=trace), trace + "\n", way)
            self.assertEqual(agent.output(way), "\n", way)

    def test_every_method_that_shows_the_environment_shows_the_variables_of_the_call(self):
        agent = self.agent(
            "NAME = 'TRACEPARENT'\n"
            "WAYS = {\n"
            "  to_h: -> { ENV.to_h[NAME] }, to_h_block: -> { ENV.to_h { |k, v| [v, k] }.key(NAME) }, to_hash: -> { { **ENV }.fetch(NAME.to_sym) { ENV.to_hash[NAME] } },\n"
            "  to_a: -> { ENV.to_a.assoc(NAME)&.last }, each: -> { ENV.each { |k, v| break v if k == NAME }.then { |v| v if v.is_a?(String) } },\n"
            "  each_pair: -> { ENV.each_pair.to_h[NAME] }, map: -> { ENV.map { |k, v| v if k == NAME }.compact.first }, find: -> { ENV.find { |k, _| k == NAME }&.last },\n"
            "  keys: -> { ENV.keys.include?(NAME) ? ENV[NAME] : nil }, values: -> { ENV.values.include?(ENV[NAME]) ? ENV[NAME] : nil },\n"
            "  values_at: -> { ENV.values_at(NAME).first }, slice: -> { ENV.slice(NAME)[NAME] }, assoc: -> { ENV.assoc(NAME)&.last },\n"
            "  select: -> { ENV.select { |k, _| k == NAME }.values.first }, reject: -> { ENV.reject { |k, _| k != NAME }.values.first },\n"
            "  key: -> { ENV.invert.key(NAME) }, rassoc: -> { (value = ENV[NAME]) && ENV.rassoc(value).last }, except: -> { ENV.except('PATH')[NAME] },\n"
            "  inspect: -> { ENV.inspect[/\\d\\d-\\w{32}-\\w{16}-\\d\\d/] }, fetch: -> { ENV.fetch(NAME, nil) }, fetch_block: -> { ENV.fetch(NAME) { nil } }, get: -> { ENV[NAME] },\n"
            "  key?: -> { %i[key? has_key? include? member?].map { |m| ENV.public_send(m, NAME) }.uniq == [true] ? ENV[NAME] : nil },\n"
            "  converted: -> { name = Object.new; def name.to_str = NAME; ENV[name] }, delete: -> { ENV.delete(NAME) }, shift: -> { all = []; all << ENV.shift until ENV.empty?; ENV.update(all.to_h); all.to_h[NAME] },\n"
            "}\n"
            "def handler(event, context) = event ? WAYS[event.to_sym].call : WAYS.keys\n"
        )
        for way in agent.output():
            for trace in (TRACE, OTHER):
                self.assertEqual(agent.output(way, traceparent=trace), trace, way)
            self.assertIsNone(agent.output(way), way)

    def test_env_behaves_as_without_the_variables_of_a_call(self):
        agent = self.agent(
            "def failure\n  yield\nrescue => error\n  [error.class.name, error.message]\nend\n"
            "NAME = 'TRACEPARENT'\n"
            "def handler(event, context)\n"
            "  seen = [ENV[NAME].frozen?, ENV[NAME].encoding == ENV['PATH'].encoding, ENV.to_s]\n"
            "  [NAME, 'ELSE'].each do |name|\n"
            "    seen << ENV.store(name, 'a') << ENV[name] << (ENV[name] = 'b') << failure { ENV[name] = 5 } << ENV[name] << ENV.delete(name) << ENV.delete(name)\n"
            "    seen << ENV.delete(name) { |missing| missing * 2 } << failure { ENV.fetch(name) } << ENV.fetch(name, 'default') << ENV.key?(name)\n"
            "    seen << ENV.update(name => 'c').equal?(ENV) << ENV.to_h[name] << (ENV[name] = nil) << ENV.include?(name)\n"
            "  end\n"
            "  seen << failure { ENV[:TRACEPARENT] } << failure { ENV[nil] } << ENV.keys.tally.values.uniq << ENV.size - ENV.except('PATH').size\n"
            "end\n"
        )
        own = lambda name: ["a", "a", "b", ["TypeError", "no implicit conversion of Integer into String"], "b", "b", None,
                            name * 2, ["KeyError", 'key not found: "%s"' % name], "default", False, True, "c", None, False]  # fmt: skip
        for trace in (TRACE, OTHER):
            self.assertEqual(agent.output(traceparent=trace), [
                True, True, "ENV", *own("TRACEPARENT"), *own("ELSE"),
                ["TypeError", "no implicit conversion of Symbol into String"], ["TypeError", "no implicit conversion of nil into String"], [1], 1,
            ])  # fmt: skip

    def test_libraries_may_alias_the_methods_that_start_processes(self):
        agent = self.agent(
            "module Kernel\n  alias_method :system_before, :system\n  def system(*all, **more) = [system_before(*all, **more)]\n  private :system\nend\n"
            "class << Process\n  alias spawn_before spawn\n  def spawn(...) = [spawn_before(...)]\nend\n"
            "def handler(event, context) = [system('test $TRACEPARENT'), Process.wait2(Process.spawn('test $TRACEPARENT')[0])[1].success?]\n"
        )
        self.assertEqual(agent.output(traceparent=TRACE), [[True], True])

    def test_another_ractor_reads_the_environment(self):
        agent = self.agent(
            "Warning[:experimental] = false\n"
            "def handler(event, context)\n"
            "  ractor = Ractor.new { [ENV['HOME'], ENV['TRACEPARENT'], ENV.to_h['HOME'], ENV.key?('NONE'), (ENV['ELSE'] = 'x'), `echo $HOME`] }\n"
            "  ractor.respond_to?(:value) ? ractor.value : ractor.take\n"
            "end\n"
        )
        for trace in (TRACE, OTHER):
            self.assertEqual(agent.output(traceparent=trace), ["/tmp", trace, "/tmp", False, "x", "/tmp\n"])

    def test_the_shim_is_not_in_sight(self):
        agent = self.agent("def handler(event, context) = [__FILE__ == $0, ARGV, Object.private_instance_methods(false).grep(/nova|frame|shim/)]\n")
        self.assertEqual(agent.output(), [False, [], []])


if __name__ == "__main__":
    unittest.main()
